/*
 * Provider `site_session` with `site_result = wordpress`: verifies WordPress's cookie with the keys
 * of the site and the user's data from the site's tables. One query returns all of this data.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "identity/identity.h"
#include "identity/site_rule.h"
#include "identity/wordpress_tables.h"
#include "identity/wordpress_cookie.h"
#include "identity/wordpress_secret.h"
#include "sitedb/site_query.h"

#define BARE_JID_MAX 2047 /* RFC 7622 3.1: two parts of 1023 bytes, and the @ between them */
#define EMAIL_MAX    254  /* RFC 5321 4.5.3.1.3 allows 256 bytes, including angle brackets */

enum { USER, PASSWORD, SESSIONS, DISPLAY_NAME, JID, EMAIL, ID };

static const struct site_query_column columns[] = {
    [USER] = {"user",           IDENTITY_USER_MAX,      true },
    [PASSWORD] = {"password_hash",  WORDPRESS_HASH_MAX,     true },
    [SESSIONS] = {"session_tokens", WORDPRESS_SESSIONS_MAX, true },
    [DISPLAY_NAME] = {"display_name",   IDENTITY_USER_MAX,      false},
    [JID] = {"jid",            BARE_JID_MAX,           false},
    [EMAIL] = {"email",          EMAIL_MAX,              false},
    [ID] = {"id",             IDENTITY_USER_MAX,      false},
};

static const char *const params[] = {":user", ":now", NULL};

/* Constant after opening. */
struct wordpress {
	const struct site_conf *conf;
	struct site_query_spec spec;
	struct site_query *query;
	struct wordpress_secret secret;
	struct strbuf key;  /* LOGGED_IN_KEY followed by LOGGED_IN_SALT; wiped before it is freed */
	const char *cookie; /* the name of the cookie */
};

/* ---- opening ---- */

static void wordpress_close(void *state)
{
	struct wordpress *site = state;

	site_query_close(site->query);
	strbuf_clear(&site->key);
	wordpress_secret_clear(&site->secret);
	free(site);
}

static enum status keys_read(struct wordpress *site, struct error *err)
{
	const struct site_conf *conf = site->conf;
	struct conf_place place = conf_site_place(conf, "site_secret_file");
	enum status status = wordpress_secret_read(conf->site_secret_file, &site->secret, err);

	if (status == STATUS_NOT_FOUND)
		return conf_fault(err, status, place,
				  "%s: does not exist; create this file with `prebindctl wordpress "
				  "import WP-CONFIG.PHP`",
				  conf->site_secret_file);
	if (status != STATUS_OK)
		return conf_blame(status, err, place);
	strbuf_adds(&site->key, site->secret.key);
	if (site->secret.salt != NULL)
		strbuf_adds(&site->key, site->secret.salt);
	if (!strbuf_ok(&site->key))
		return error_no_memory(err);
	site->cookie = conf->site_cookie[0] != '\0' ? conf->site_cookie : site->secret.cookie;
	if (site->cookie == NULL)
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: contains no LOGGED_IN_COOKIE; run `prebindctl wordpress "
				  "import WP-CONFIG.PHP`, or set site_cookie to the cookie's name",
				  conf->site_secret_file);
	return STATUS_OK;
}

static enum status wordpress_open(const struct site_conf *conf, void **out, struct error *err)
{
	struct wordpress *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return error_no_memory(err);
	strbuf_init_secret(&site->key);
	site->conf = conf;
	site->spec = (struct site_query_spec){
	    .site = conf,
	    .database = conf->site_database,
	    .file = conf->site_query,
	    .key = "site_query",
	    .asked = params,
	    .columns = columns,
	    .n_columns = sizeof(columns) / sizeof(columns[0]),
	};
	enum status status = keys_read(site, err);
	if (status == STATUS_OK)
		status = wordpress_blame_prefix(
		    conf, site_query_open(&site->spec, &site->query, err), err);
	if (status == STATUS_OK)
		status = site_rule_check(conf, site_query_returns(site->query, EMAIL),
					 site_query_returns(site->query, ID), err);
	if (status == STATUS_OK)
		*out = site;
	else
		wordpress_close(site);
	return status;
}

/* ---- the user ---- */

static void take(char **value, char **out)
{
	*out = *value;
	*value = NULL;
}

static enum status row_check(const struct wordpress *site, const struct wordpress_cookie *cookie,
			     const struct site_query_row *row, int64_t now, struct error *err)
{
	const struct wordpress_user user = {row->values[PASSWORD], row->values[SESSIONS]};

	if (row->values[USER] == NULL || user.password == NULL)
		return error_set(err, STATUS_NOT_FOUND,
				 "the site has no name or no password for this user");
	return wordpress_cookie_check(cookie, site->key.data, &user, now, err);
}

static enum status user_look(const struct wordpress *site, const struct wordpress_cookie *cookie,
			     int64_t now, struct identity *out, struct error *err)
{
	const struct site_query_value values[] = {{.text = cookie->user}, {.number = now}};
	struct site_query_row row = {0};
	enum status status = site_query_ask(site->query, values, &row, err);

	if (status == STATUS_OK)
		status = row_check(site, cookie, &row, now, err);
	if (status == STATUS_OK) {
		take(&row.values[USER], &out->user);
		take(&row.values[DISPLAY_NAME], &out->display_name);
		take(&row.values[JID], &out->jid);
		take(&row.values[EMAIL], &out->email);
		take(&row.values[ID], &out->id);
	}
	secret_free(row.values[PASSWORD]);
	row.values[PASSWORD] = NULL;
	site_query_row_clear(&row);
	return status;
}

static enum status cookie_look(const struct wordpress *site, const char *value, int64_t now,
			       struct identity *out, struct error *err)
{
	struct wordpress_cookie cookie = {0};
	enum status status = wordpress_cookie_read(value, &cookie, err);

	if (status == STATUS_OK && cookie.ends < now) /* so that most old cookies need no query */
		status = error_set(err, STATUS_NOT_FOUND, "the cookie has expired");
	if (status == STATUS_OK)
		status = user_look(site, &cookie, now, out, err);
	wordpress_cookie_clear(&cookie);
	return status;
}

/*
 * Logs a wrong signature. Either the user has set a new password, or prebind's keys are not
 * WordPress's. In both cases the visitor counts as logged out, and only the log shows the operator
 * why.
 */
static void log_signature(const struct wordpress *site)
{
	log_event(LOG_LEVEL_WARN, "wordpress_signature", "site", site->conf->name, "reason",
		  "a session exists, but the signature of its cookie is wrong: the user has set a "
		  "new password, or site_secret_file does not match wp-config.php. To update "
		  "site_secret_file, run `prebindctl wordpress import WP-CONFIG.PHP`",
		  NULL);
}

static enum identity_verdict wordpress_find(const struct identity_context *context,
					    struct identity *out, struct error *err)
{
	const struct wordpress *site = context->state;
	struct error why = {0};
	char *value = NULL;

	enum status status = request_cookie(context->req, site->cookie, &value, &why);
	if (status == STATUS_OK)
		status = cookie_look(site, value, context->now, out, &why);
	secret_free(value);
	if (status == STATUS_OK)
		return IDENTITY_YES;
	if (status == STATUS_BAD_CREDENTIALS)
		log_signature(site);
	if (status == STATUS_NOT_FOUND || status == STATUS_BAD_CREDENTIALS)
		return IDENTITY_NONE;
	error_set(err, status, "site_session: %s: %s", site->cookie, why.text);
	if (status == STATUS_BAD_REQUEST)
		identity_blame_cookie(out, site->cookie);
	return status == STATUS_BAD_REQUEST ? IDENTITY_BAD : IDENTITY_ERROR;
}

/* ---- prebindctl check ---- */

/* Looks up a user that cannot exist, to test the query. */
static enum status probe(const struct wordpress *site, struct error *err)
{
	char user[33];
	const struct site_query_value values[] = {{.text = user}, {.number = clock_wall()}};
	struct site_query_row row = {0};

	secret_random_hex(user, 16);
	enum status status =
	    wordpress_blame_prefix(site->conf, site_query_ask(site->query, values, &row, err), err);
	if (status == STATUS_OK)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "%s: the query returned the user '%s' for a user name that does "
				   "not exist; make the query compare a column with :user",
				   site->conf->site_query,
				   row.values[USER] != NULL ? row.values[USER] : "");
	else if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	site_query_row_clear(&row);
	return status;
}

static enum status wordpress_check(const struct site_conf *conf, struct store *store,
				   struct error *said)
{
	void *state = NULL;

	(void)store;
	enum status status = wordpress_open(conf, &state, said);
	const struct wordpress *site = state;
	if (status == STATUS_OK)
		status = probe(site, said);
	if (status == STATUS_OK)
		error_set(said, status,
			  "the cookie %s is verified with the keys in %s and the sessions in %s; a "
			  "test with an invented user name correctly finds no user",
			  site->cookie, conf->site_secret_file, conf->site_database);
	if (site != NULL)
		wordpress_close(state);
	return status;
}

static bool wordpress_is_plausible(const struct site_conf *conf, struct error *said)
{
	void *state = NULL;

	if (wordpress_open(conf, &state, said) != STATUS_OK)
		return true; /* wordpress_check reports this error */
	const struct wordpress *site = state;
	bool is_plausible = wordpress_is_its_cookie(conf, site->cookie, said);
	wordpress_close(state);
	return is_plausible;
}

static bool wordpress_names_jids(const struct site_conf *conf, const void *state)
{
	const struct wordpress *site = state;

	(void)conf;
	return site == NULL || site_query_returns(site->query, JID);
}

const struct identity_provider wordpress_provider = {
    .name = PROVIDER_SITE_SESSION,
    .knows = IDENTITY_EMAIL | IDENTITY_ID,
    .open = wordpress_open,
    .close = wordpress_close,
    .find = wordpress_find,
    .names_jids = wordpress_names_jids,
    .check = wordpress_check,
    .is_plausible = wordpress_is_plausible,
};
