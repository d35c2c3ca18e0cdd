/*
 * The form of the page /setup. Reads its fields, and shows the form again with what setup found and
 * what setup will write.
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
    {"do",	      8	    }, /* "show" or "write" */
    {"shown",           DIGEST_LEN   }, /* digest of the plan that was shown */
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

/*
 * The questions in the form. If the visitor leaves a field empty, setup uses its proposed answer.
 */
static const enum setup_name asked[] = {SETUP_SITE, SETUP_URL,  SETUP_LOGIN, SETUP_DOMAIN,
					SETUP_XMPP, SETUP_AUTH, SETUP_JID};

#define N_ASKED (sizeof(asked) / sizeof(asked[0]))

/* ---- the plan that was shown ---- */

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

/*
 * Makes a digest of the files that are shown, without the content of secrets. A new secret is
 * different each time and would change the digest.
 */
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

static const char *posted(const struct exchange *ex, const char *name)
{
	const char *value = fields_get(&ex->req.form, name);

	return value != NULL ? value : "";
}

bool setup_form_is_write(const struct exchange *ex)
{
	return strcmp(posted(ex, "do"), "write") == 0;
}

bool setup_form_agrees(const struct setup *setup, const struct exchange *ex)
{
	const char *shown = posted(ex, "shown");
	char digest[DIGEST_LEN + 1];

	if (!setup_form_is_write(ex))
		return false;
	if (shown[0] == '\0')
		return setup->xmpp_server != NULL;
	plan_digest(setup, digest);
	return strcmp(shown, digest) == 0;
}

/* ---- reading ---- */

static enum status take(struct setup *setup, const struct exchange *ex, enum setup_name name,
			struct error *err)
{
	const char *word = setup_question(name)->name;
	const char *value = posted(ex, word);

	return value[0] == '\0' ? STATUS_OK : setup_given(setup, word, value, err);
}

/* Reads lines of the form NAME = VALUE. Browsers end each line with CR LF. */
static enum status take_more(struct setup *setup, const char *text, struct error *err)
{
	char *copy = strdup(text), *rest_of = NULL;
	enum status status = copy != NULL ? STATUS_OK : error_no_memory(err);

	for (char *line = copy != NULL ? strtok_r(copy, "\r\n", &rest_of) : NULL;
	     line != NULL && status == STATUS_OK; line = strtok_r(NULL, "\r\n", &rest_of)) {
		const char *value = strchr(line, '=');

		/* the form proposed this key, but the visitor has entered no value */
		if (value != NULL && value[1 + strspn(value + 1, " \t")] == '\0')
			continue;
		if (line[strspn(line, " \t")] != '\0')
			status = setup_given_line(setup, line, err);
	}
	free(copy);
	return status;
}

/*
 * Refuses to write if the first user's password is missing. The page does not repeat a password, so
 * the visitor must enter it again.
 */
static enum status check_first_user(const struct exchange *ex, struct error *err)
{
	if (!setup_form_is_write(ex) || posted(ex, "first_user")[0] == '\0' ||
	    posted(ex, "first_password")[0] != '\0')
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "first_password: enter the password of the first user again, because the "
			 "page does not keep it");
}

enum status setup_form_read(struct setup *setup, const struct exchange *ex, struct error *err)
{
	const char *password = posted(ex, "tigase_password");
	enum status status = STATUS_OK;

	for (size_t i = 0; i < N_ASKED && status == STATUS_OK; i++)
		status = take(setup, ex, asked[i], err);
	if (status == STATUS_OK)
		status = take_more(setup, posted(ex, "more"), err);
	if (status == STATUS_OK && password[0] != '\0') {
		setup->tigase_password = strdup(password);
		if (setup->tigase_password == NULL)
			status = error_no_memory(err);
	}
	return status == STATUS_OK ? check_first_user(ex, err) : status;
}

/* ---- showing ---- */

static const char *const names[] = {
    "base",   "nonce",  "message", "why",         "found",      "plan",       "report", "done",
    "known",  "secret", "shown",   "site",        "url",        "domain",     "xmpp",   "jid",
    "more",   "logins", "auths",   "word",        "selected",   "first_user", "login",  "tigase",
    "opened", "file",   "wrong",   "login_taken", "auth_taken", "jid_taken",  NULL};
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

/* Shows the lines that the visitor posted, and a line for each missing key. */
static void view_more(struct view *view, const struct exchange *ex, const struct setup *setup)
{
	struct strbuf more;

	strbuf_init(&more);
	strbuf_adds(&more, posted(ex, "more"));
	for (size_t i = 0; setup != NULL && i < setup->n_missing; i++)
		if (strstr(more.data, setup->missing[i]) == NULL)
			strbuf_addf(&more, "%s%s = ", more.len > 0 ? "\n" : "", setup->missing[i]);
	view_text(view, "more", more.data);
	strbuf_clear(&more);
}

/* Shows the fields as the visitor posted them. */
static void view_fields(struct view *view, const struct exchange *ex, const struct setup *setup)
{
	static const enum setup_name texts[] = {SETUP_SITE, SETUP_URL, SETUP_DOMAIN, SETUP_XMPP,
						SETUP_JID};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		view_text(view, setup_question(texts[i])->name,
			  posted(ex, setup_question(texts[i])->name));
	view_words(view, "logins", SETUP_LOGIN, posted(ex, "login"));
	view_words(view, "auths", SETUP_AUTH, posted(ex, "auth"));
	view_text(view, "first_user", posted(ex, "first_user"));
	view_flag(view, "login", true);
	view_flag(view, "tigase", true);
	view_flag(view, "opened", ex->req.method == HTTP_POST);
	view_more(view, ex, setup);
}

static const char *if_empty(const struct exchange *ex, const char *name, const char *taken)
{
	return posted(ex, name)[0] == '\0' ? taken : NULL;
}

/*
 * Shows the answers that setup used for empty fields. Called only if the visitor has sent the
 * secret.
 */
static void view_taken(struct view *view, const struct exchange *ex, const struct setup *setup,
		       bool planned)
{
	static const enum setup_name filled[] = {SETUP_SITE, SETUP_URL, SETUP_DOMAIN, SETUP_XMPP};
	const char *login = setup_answer(setup, SETUP_LOGIN);
	const char *auth = setup_answer(setup, SETUP_AUTH);
	char digest[DIGEST_LEN + 1];

	for (size_t i = 0; i < sizeof(filled) / sizeof(filled[0]); i++)
		if (setup->answers[filled[i]] != NULL)
			view_text(view, setup_question(filled[i])->name, setup->answers[filled[i]]);
	view_text(view, "login_taken", if_empty(ex, "login", login));
	view_text(view, "auth_taken", if_empty(ex, "auth", auth));
	view_text(view, "jid_taken", if_empty(ex, "jid", setup_answer(setup, SETUP_JID)));
	view_flag(view, "login", login[0] == '\0' || strcmp(login, PROVIDER_LOGIN) == 0);
	view_flag(view, "tigase", strcmp(auth, "tigase") == 0);
	if (planned) {
		plan_digest(setup, digest);
		view_text(view, "shown", digest);
	}
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
	view_flag(view, "known", setup != NULL);
	view_flag(view, "wrong", setup == NULL && what->message != NULL);
	view_fields(view, ex, setup);
	if (posted(ex, "url")[0] == '\0')
		view_text(view, "url", what->url);
	if (setup != NULL) {
		view_text(view, "secret", posted(ex, "secret"));
		view_taken(view, ex, setup, what->plan != NULL);
	}
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
