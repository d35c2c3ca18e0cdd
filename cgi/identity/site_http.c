/*
 * Provider `site_http`: asks the site by HTTP who is logged in. The call to the configured URL
 * carries only those cookies of the visitor that the configuration names. A request cannot change
 * where the call goes: the path is constant, and the Host is one of the configured hosts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/blocking.h"
#include "identity/identity.h"
#include "identity/site_http_answer.h"
#include "identity/site_http_cache.h"
#include "net/http_client.h"

/* Constant after opening, except client and cache, which have their own locks. */
struct site_http {
	const struct site_conf *conf;
	struct http_client *client;
	struct site_cache *cache;
	/* for MACs of the cookies, because the cache must not store the cookies themselves */
	unsigned char key[SECRET_KEY_LEN];
	bool local; /* true if the URL names this machine, not a host of the site */
};

/* A call to the site. */
struct site_question {
	struct site_http *site;
	const char *host; /* the Host header; NULL to use the host of the URL */
	const char *cookie;
	bool https; /* true if the visitor's connection is HTTPS */
	int64_t now;
	int64_t until_ms;
};

/* ---- opening ---- */

static void site_http_close(void *state)
{
	struct site_http *site = state;

	site_cache_free(site->cache);
	http_client_free(site->client);
	secret_wipe(site->key, sizeof(site->key));
	free(site);
}

static enum status client_open(struct site_http *site, struct error *err)
{
	const struct site_conf *conf = site->conf;
	const struct http_client_options options = {
	    .ca_file = conf->ca_file, .service = "the site", .http_key = NULL};

	enum status status = conf_blame(http_client_new(&options, &site->client, err), err,
					conf_site_place(conf, "ca_file"));
	if (status == STATUS_OK)
		status = conf_blame(http_client_url_check(site->client, conf->site_http_url, err),
				    err, conf_site_place(conf, "site_http_url"));
	return status;
}

static enum status site_http_open(const struct site_conf *conf, void **out, struct error *err)
{
	struct site_http *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return error_no_memory(err);
	site->conf = conf;
	site->local = http_url_is_loopback(conf->site_http_url);
	secret_random(site->key, sizeof(site->key));
	enum status status = client_open(site, err);
	if (status == STATUS_OK)
		status = site_cache_new(conf->site_http_cache_ms, &site->cache, err);
	if (status == STATUS_OK)
		*out = site;
	else
		site_http_close(site);
	return status;
}

/* ---- the call ---- */

/*
 * Reports a failed call as STATUS_UNAVAILABLE, so that the visitor sees a failure of prebind. Only
 * the log has the cause.
 */
static enum status blame_site(const struct site_http *site, enum status status, struct error *err)
{
	if (status == STATUS_CHAT_SERVER || status == STATUS_CHAT_TIMEOUT)
		status = error_set(err, STATUS_UNAVAILABLE, "%s", err->text);
	return conf_blame(status, err, conf_site_place(site->conf, "site_http_url"));
}

static enum status call(const struct site_question *question, struct http_answer *answer,
			struct error *err)
{
	struct http_client *client = question->site->client;
	const struct http_call request = {
	    .url = question->site->conf->site_http_url,
	    .accept = "application/json",
	    .header = question->https ? "X-Forwarded-Proto: https" : NULL,
	    .host = question->host,
	    .cookie = question->cookie,
	    .deadline_ms = question->until_ms,
	};
	struct http_connection *connection = http_connection_borrow(client);

	if (connection == NULL)
		return error_no_memory(err);
	enum status status = http_connection_call(connection, &request, answer, err);
	http_connection_return(client, connection);
	return status;
}

/* Calls the site. Has the type site_cache_ask. */
static enum status ask(void *arg, struct site_answer *out, struct error *err)
{
	const struct site_question *question = arg;
	struct http_answer answer;
	struct error why = {0};

	if (!blocking_begin())
		return blocking_refused(err);
	http_answer_init(&answer);
	enum status status = call(question, &answer, err);
	if (status == STATUS_OK) {
		status = site_answer_read(&answer, question->now, out, &why);
		if (status != STATUS_OK)
			error_set(err, status, "%s %s", question->site->conf->site_http_url,
				  why.text);
	}
	http_answer_clear(&answer);
	blocking_end();
	return blame_site(question->site, status, err);
}

/* ---- the cookies ---- */

/*
 * Appends one cookie as the browser sent it. Returns IDENTITY_BAD for a value that no cookie can
 * have, because the site might read that value as two cookies.
 */
static enum identity_verdict cookie_add(const struct identity_context *context, const char *name,
					struct strbuf *header, struct identity *out,
					struct error *err)
{
	char *value = NULL;

	enum identity_verdict verdict = identity_cookie(context, name, &value, out, err);
	if (verdict != IDENTITY_YES)
		return verdict;
	strbuf_adds(header, header->len > 0 ? "; " : "");
	strbuf_adds(header, name);
	strbuf_addc(header, '=');
	strbuf_adds(header, value);
	secret_free(value);
	return IDENTITY_YES;
}

/*
 * Appends the visitor's cookies of the configured names. Returns IDENTITY_NONE if the visitor sent
 * none of these cookies.
 */
static enum identity_verdict cookies_read(const struct identity_context *context,
					  struct strbuf *header, struct identity *out,
					  struct error *err)
{
	const struct conf_list *names = &context->conf->site_http_cookies;

	for (size_t i = 0; i < names->count; i++) {
		enum identity_verdict verdict =
		    cookie_add(context, names->items[i], header, out, err);

		if (verdict == IDENTITY_BAD || verdict == IDENTITY_ERROR)
			return verdict;
	}
	if (!strbuf_ok(header)) {
		error_no_memory(err);
		return IDENTITY_ERROR;
	}
	return header->len > 0 ? IDENTITY_YES : IDENTITY_NONE;
}

/* ---- the user ---- */

/*
 * Returns the visitor's Host header if the call goes to this machine and the site has `hosts`.
 * Otherwise returns NULL, which means the host of the URL. A site without `hosts` accepts every
 * Host, so a visitor could choose the header.
 */
static const char *host_of(const struct site_http *site, const char *visitors)
{
	return site->local && site->conf->hosts.count > 0 ? visitors : NULL;
}

static void key_make(const struct site_question *question, unsigned char out[SECRET_MAC_LEN])
{
	const char *host = question->host != NULL ? question->host : "";
	const struct secret_part parts[] = {
	    {host,			strlen(host) + 1        },
	    {question->https ? "s" : "p", 1                       },
	    {question->cookie,            strlen(question->cookie)},
	};

	secret_mac(out, question->site->key, parts, sizeof(parts) / sizeof(parts[0]));
}

static enum status answer_find(struct site_question *question, struct site_answer *out,
			       struct error *err)
{
	struct site_cache_question asked = {
	    .now = question->now,
	    .until_ms = question->until_ms,
	    .ask = ask,
	    .arg = question,
	};

	key_make(question, asked.key);
	return site_cache_get(question->site->cache, &asked, out, err);
}

static enum identity_verdict verdict_of(enum status status, struct site_answer *answer,
					struct identity *out)
{
	if (status != STATUS_OK)
		return IDENTITY_ERROR;
	if (!answer->known)
		return IDENTITY_NONE;
	out->user = answer->user;
	out->display_name = answer->display_name;
	out->jid = answer->jid;
	out->email = answer->email;
	out->id = answer->id;
	return IDENTITY_YES;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static enum identity_verdict site_http_find(const struct identity_context *context,
					    struct identity *out, struct error *err)
{
	struct site_http *site = context->state;
	struct site_answer answer = {0};
	struct strbuf cookie;

	strbuf_init_secret(&cookie);
	enum identity_verdict verdict = cookies_read(context, &cookie, out, err);
	if (verdict == IDENTITY_YES) {
		struct site_question question = {
		    .site = site,
		    .host = host_of(site, context->req->host),
		    .cookie = cookie.data,
		    .https = context->req->https,
		    .now = context->now,
		    .until_ms =
			sooner(clock_monotonic_ms() + context->conf->timeout_ms, context->until_ms),
		};
		verdict = verdict_of(answer_find(&question, &answer, err), &answer, out);
	}
	strbuf_clear(&cookie);
	return verdict;
}

/* ---- prebindctl check ---- */

static enum status look(struct site_http *site, struct error *said)
{
	const struct site_conf *conf = site->conf;
	struct site_answer answer = {0};
	struct site_question question = {
	    .site = site,
	    .host = host_of(site, conf->hosts.count > 0 ? conf->hosts.items[0] : NULL),
	    .https = !conf->allow_http,
	    .now = clock_wall(),
	    .until_ms = clock_monotonic_ms() + conf->timeout_ms,
	};
	enum status status = ask(&question, &answer, said);

	if (status == STATUS_OK && answer.known)
		status =
		    conf_fault(said, STATUS_BAD_REQUEST, conf_site_place(conf, "site_http_url"),
			       "%s returned the user '%s' for a request without a cookie, so every "
			       "visitor would become this user; make the site check the cookie",
			       conf->site_http_url, answer.user);
	else if (status == STATUS_OK)
		error_set(said, STATUS_OK,
			  "a test without a cookie correctly finds no user at %s; only a request "
			  "with a real cookie (%s%s) shows whether the site finds the user",
			  conf->site_http_url, conf->site_http_cookies.items[0],
			  conf->site_http_cookies.count > 1 ? " …" : "");
	site_answer_clear(&answer);
	return status;
}

static enum status site_http_check(const struct site_conf *conf, struct store *store,
				   struct error *said)
{
	void *site = NULL;

	(void)store;
	enum status status = site_http_open(conf, &site, said);
	if (status != STATUS_OK)
		return status;
	status = look(site, said);
	site_http_close(site);
	return status;
}

/* Returns true, because every answer of the site can have a member `jid`. */
static bool site_http_names_jids(const struct site_conf *conf, const void *state)
{
	(void)conf;
	(void)state;
	return true;
}

const struct identity_provider site_http_provider = {
    .name = PROVIDER_SITE_HTTP,
    .knows = IDENTITY_EMAIL | IDENTITY_ID,
    .open = site_http_open,
    .close = site_http_close,
    .find = site_http_find,
    .names_jids = site_http_names_jids,
    .check = site_http_check,
};
