/*
 * The form of the page /setup: reads its fields, and shows them again with what was found and what
 * will be written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"
#include "conf/shipped.h"
#include "ctl/setup_page.h"
#include "password/password.h"
#include "store/user.h"
#include "template/template.h"

#define TEXT_MAX   512
#define MORE_MAX   4096
#define DIGEST_LEN (2 * SECRET_SHA256_LEN)

static const struct param form[] = {
    {"secret",          128          },
    {"do",	      8	    }, /* "show", "write" */
    {"facts",           DIGEST_LEN   }, /* of the answers on which the proposals depend */
    {"shown",           DIGEST_LEN   }, /* of the plan that was shown */
    {"site",            TEXT_MAX     },
    {"url",	     TEXT_MAX     },
    {"login",           32           },
    {"domain",          TEXT_MAX     },
    {"xmpp",            TEXT_MAX     },
    {"auth",            32           },
    {"jid",	     TEXT_MAX     },
    {"tigase_password", PASSWORD_MAX },
    {"more",            MORE_MAX     },
    {"first_user",      USER_NAME_MAX},
    {"first_password",  PASSWORD_MAX },
};
const struct params setup_form_params = {.items = form, .count = sizeof(form) / sizeof(form[0])};

/* Their answers decide what is proposed for the others. */
static const enum setup_name facts[] = {SETUP_SITE, SETUP_URL, SETUP_DOMAIN, SETUP_XMPP};
static const enum setup_name rest[] = {SETUP_LOGIN, SETUP_AUTH, SETUP_JID};

#define N_FACTS (sizeof(facts) / sizeof(facts[0]))
#define N_REST  (sizeof(rest) / sizeof(rest[0]))

/* ---- digests ---- */

static void digest_text(const struct strbuf *text, char out[DIGEST_LEN + 1])
{
	unsigned char digest[SECRET_SHA256_LEN];
	struct strbuf hex;

	secret_sha256(digest, text->data, text->len);
	strbuf_init(&hex);
	codec_hex(&hex, digest, sizeof(digest));
	memcpy(out, hex.len == DIGEST_LEN ? hex.data : "", hex.len == DIGEST_LEN ? DIGEST_LEN : 0);
	out[hex.len == DIGEST_LEN ? DIGEST_LEN : 0] = '\0';
	strbuf_clear(&hex);
}

static void facts_digest(const struct setup *setup, char out[DIGEST_LEN + 1])
{
	struct strbuf text;

	strbuf_init(&text);
	for (size_t i = 0; i < N_FACTS; i++)
		strbuf_addf(&text, "%s\n", setup_answer(setup, facts[i]));
	digest_text(&text, out);
	strbuf_clear(&text);
}

/* Of the files that are shown; a new secret is another one each time. */
static void plan_digest(const struct setup *setup, char out[DIGEST_LEN + 1])
{
	struct strbuf text;

	strbuf_init_secret(&text);
	for (size_t i = 0; i < setup->n_files; i++) {
		const struct setup_file *file = &setup->files[i];

		strbuf_addf(&text, "%s\n", file->path);
		if (file->kind == SETUP_TEXT)
			strbuf_add(&text, file->content.data, file->content.len);
	}
	digest_text(&text, out);
	strbuf_clear(&text);
}

static bool is_field(const struct exchange *ex, const char *name, const char *value)
{
	const char *posted = fields_get(&ex->req.form, name);

	return posted != NULL && strcmp(posted, value) == 0;
}

bool setup_form_agrees(const struct setup *setup, const struct exchange *ex)
{
	char digest[DIGEST_LEN + 1];

	plan_digest(setup, digest);
	return is_field(ex, "do", "write") && is_field(ex, "shown", digest);
}

/* ---- reading ---- */

static enum status take(struct setup *setup, const struct exchange *ex, enum setup_name name,
			struct error *err)
{
	const char *word = setup_question(name)->name;
	const char *value = fields_get(&ex->req.form, word);

	return value == NULL || value[0] == '\0' ? STATUS_OK : setup_given(setup, word, value, err);
}

/* Lines NAME = VALUE. A browser ends them with CR LF. */
static enum status take_more(struct setup *setup, const char *text, struct error *err)
{
	char *copy = strdup(text), *rest_of = NULL;
	enum status status = copy != NULL ? STATUS_OK : error_no_memory(err);

	for (char *line = copy != NULL ? strtok_r(copy, "\r\n", &rest_of) : NULL;
	     line != NULL && status == STATUS_OK; line = strtok_r(NULL, "\r\n", &rest_of)) {
		const char *value = strchr(line, '=');

		/* a name that we proposed, and nobody has filled in */
		if (value != NULL && value[1 + strspn(value + 1, " \t")] == '\0')
			continue;
		if (line[strspn(line, " \t")] != '\0')
			status = setup_given_line(setup, line, err);
	}
	free(copy);
	return status;
}

enum status setup_form_read(struct setup *setup, const struct exchange *ex, struct error *err)
{
	const char *password = fields_get(&ex->req.form, "tigase_password");
	const char *more = fields_get(&ex->req.form, "more");
	char digest[DIGEST_LEN + 1];
	enum status status = STATUS_OK;

	for (size_t i = 0; i < N_FACTS && status == STATUS_OK; i++)
		status = take(setup, ex, facts[i], err);
	facts_digest(setup, digest);
	/* Otherwise they were proposed for other facts. */
	for (size_t i = 0; i < N_REST && status == STATUS_OK && is_field(ex, "facts", digest); i++)
		status = take(setup, ex, rest[i], err);
	if (status == STATUS_OK && more != NULL)
		status = take_more(setup, more, err);
	if (status == STATUS_OK && password != NULL && password[0] != '\0') {
		setup->tigase_password = strdup(password);
		if (setup->tigase_password == NULL)
			status = error_no_memory(err);
	}
	return status;
}

/* ---- showing ---- */

static const char *const names[] = {"base",   "nonce", "message", "why",      "found",      "plan",
				    "report", "done",  "ask",     "secret",   "facts",      "shown",
				    "site",   "url",   "domain",  "xmpp",     "jid",        "more",
				    "logins", "auths", "word",    "selected", "first_user", "login",
				    "tigase", "write", "file",    NULL};
static const struct template_page pages[] = {
    {"setup.html", names, false}
};

static void view_words(struct view *view, const char *list, enum setup_name name,
		       const char *selected)
{
	const char *const *words = setup_question(name)->words;

	for (size_t i = 0; words[i] != NULL; i++) {
		struct view *row = view_row(view, list);

		view_text(row, "word", words[i]);
		view_flag(row, "selected", strcmp(words[i], selected) == 0);
	}
}

/* The answer that setup has, or what was posted. */
static const char *shown_answer(const struct exchange *ex, const struct setup *setup,
				enum setup_name name)
{
	return setup->answers[name] != NULL ? setup->answers[name]
					    : fields_get(&ex->req.form, setup_question(name)->name);
}

/* The lines that were posted, and one for each key that is missing. */
static void view_more(struct view *view, const struct exchange *ex, const struct setup *setup)
{
	const char *posted = fields_get(&ex->req.form, "more");
	struct strbuf more;

	strbuf_init(&more);
	strbuf_adds(&more, posted != NULL ? posted : "");
	for (size_t i = 0; i < setup->n_missing; i++)
		if (strstr(more.data, setup->missing[i]) == NULL)
			strbuf_addf(&more, "%s%s = ", more.len > 0 ? "\n" : "", setup->missing[i]);
	view_text(view, "more", more.data);
	strbuf_clear(&more);
}

static void view_answers(struct view *view, const struct exchange *ex, const struct setup *setup,
			 bool write)
{
	static const enum setup_name texts[] = {SETUP_SITE, SETUP_URL, SETUP_DOMAIN, SETUP_XMPP,
						SETUP_JID};
	char digest[DIGEST_LEN + 1];
	const char *login = setup_answer(setup, SETUP_LOGIN);
	const char *auth = setup_answer(setup, SETUP_AUTH);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		view_text(view, setup_question(texts[i])->name, shown_answer(ex, setup, texts[i]));
	view_words(view, "logins", SETUP_LOGIN, login);
	view_words(view, "auths", SETUP_AUTH, auth);
	view_flag(view, "login", strcmp(login, PROVIDER_LOGIN) == 0);
	view_flag(view, "tigase", strcmp(auth, "tigase") == 0);
	view_text(view, "first_user", fields_get(&ex->req.form, "first_user"));
	view_more(view, ex, setup);
	facts_digest(setup, digest);
	view_text(view, "facts", digest);
	if (write) {
		plan_digest(setup, digest);
		view_text(view, "shown", digest);
	}
	view_flag(view, "write", write);
}

static enum status fill(struct view *view, struct exchange *ex, const struct setup *setup,
			const struct setup_view *what, const struct template_set *set)
{
	char english[] = "en", german[] = "de", french[] = "fr";
	char *const languages[] = {english, german, french};
	const struct template_offer offer = {.names = languages, .count = 3};
	const char *language = template_language(set, &offer, ex->req.accept_language);
	struct strbuf base;

	strbuf_init(&base);
	page_base(ex, &base);
	view_language(view, language);
	view_text(view, "base", base.data);
	view_text(view, "nonce", ex->req.nonce);
	if (what->message != NULL)
		view_text(view, "message", template_text(set, language, what->message));
	view_text(view, "why", what->why);
	view_text(view, "found", what->found);
	view_text(view, "plan", what->plan);
	view_text(view, "report", what->report);
	view_text(view, "file", "prebind-private/" SETUP_SECRET_FILE);
	view_flag(view, "done", what->done);
	view_flag(view, "ask", setup != NULL && !what->done);
	if (setup != NULL)
		view_text(view, "secret", fields_get(&ex->req.form, "secret"));
	if (setup != NULL && !what->done)
		view_answers(view, ex, setup, what->plan != NULL);
	enum status status = strbuf_ok(&base) ? STATUS_OK : STATUS_INTERNAL;
	strbuf_clear(&base);
	return status;
}

void setup_form_send(struct exchange *ex, const struct setup *setup, const struct setup_view *what)
{
	struct template_set *set = NULL;
	struct view *view = view_new();
	struct error err = {0};
	char *folder = NULL;
	enum status status =
	    view == NULL ? error_no_memory(&err) : conf_shipped_path("/templates", &folder, &err);

	if (status == STATUS_OK)
		status = template_set_load(folder, pages, 1, &set, &err);
	if (status == STATUS_OK)
		status = fill(view, ex, setup, what, set);
	if (status == STATUS_OK)
		status = template_render(set, pages[0].file, view, &ex->res->body, &err);
	ex->res->status = status_http(what->status);
	response_header_constant(ex->res, HEADER_CONTENT_TYPE, "text/html; charset=utf-8");
	if (status != STATUS_OK)
		page_send_error(ex, status, &err);
	template_set_free(set);
	view_free(view);
	free(folder);
}
