/*
 * Provider `site_session`: finds the user of the site's session cookie by the operator's query in
 * the site's own database. sitedb/site_query.h limits what the query can do and checks its values.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "identity/django_session.h"
#include "identity/identity.h"
#include "identity/packed_php.h"
#include "identity/site_cookie.h"
#include "identity/site_rule.h"
#include "identity/site_time.h"
#include "sitedb/site_query.h"

#define BARE_JID_MAX 2047 /* RFC 7622 3.1: two parts of 1023 bytes, and the @ between them */
#define EMAIL_MAX    254  /* RFC 5321 4.5.3.1.3 allows 256 bytes, including angle brackets */
#define TIME_MAX     32   /* bytes; fits "2026-11-22 14:15:16.123456+00:00" */
#define HASH_MAX     256  /* bytes; Django's column auth_user.password has 128 */

/*
 * The columns that the session's query can return: the user or a packed session, the times at which
 * the session ends, and the user's data.
 */
enum {
	WHO,
	EXPIRES_S, /* these three columns have the order of enum site_time */
	EXPIRES_MS,
	EXPIRES_ISO,
	DISPLAY_NAME,
	JID,
	EMAIL,
	ID
};

#define COLUMNS_OF_TIME                                                                            \
	[EXPIRES_S] = {"expires_s", TIME_MAX, false},                                              \
	[EXPIRES_MS] = {"expires_ms", TIME_MAX, false},                                            \
	[EXPIRES_ISO] = {"expires_iso", TIME_MAX, false}

static const struct site_query_column user_columns[] = {
    [WHO] = {"user",         IDENTITY_USER_MAX, true },
    COLUMNS_OF_TIME,
    [DISPLAY_NAME] = {"display_name", IDENTITY_USER_MAX, false},
    [JID] = {"jid",          BARE_JID_MAX,      false},
    [EMAIL] = {"email",        EMAIL_MAX,         false},
    [ID] = {"id",           IDENTITY_USER_MAX, false},
};
static const struct site_query_column django_columns[] = {
    [WHO] = {"session_data", DJANGO_SESSION_MAX, true},
    COLUMNS_OF_TIME,
};
static const struct site_query_column php_columns[] = {
    [WHO] = {"session_data", PACKED_PHP_MAX, true},
    COLUMNS_OF_TIME,
};

/* The columns that the profile query can return. */
enum {
	PROFILE_USER,
	PROFILE_DISPLAY_NAME,
	PROFILE_JID,
	PROFILE_EMAIL,
	PROFILE_ID,
	PROFILE_PASSWORD
};

#define PROFILE_COLUMNS                                                                            \
	[PROFILE_DISPLAY_NAME] = {"display_name", IDENTITY_USER_MAX, false},                       \
	[PROFILE_JID] = {"jid", BARE_JID_MAX, false},                                              \
	[PROFILE_EMAIL] = {"email", EMAIL_MAX, false},                                             \
	[PROFILE_ID] = {"id", IDENTITY_USER_MAX, false}

static const struct site_query_column profile_columns[] = {
    [PROFILE_USER] = {"user", IDENTITY_USER_MAX, false},
    PROFILE_COLUMNS,
};
static const struct site_query_column django_profile_columns[] = {
    [PROFILE_USER] = {"user",     IDENTITY_USER_MAX, true},
    PROFILE_COLUMNS,
    [PROFILE_PASSWORD] = {"password", HASH_MAX,          true},
};

static const struct site_query_column php_profile_columns[] = {
    [PROFILE_USER] = {"user",     IDENTITY_USER_MAX, false},
    PROFILE_COLUMNS,
    [PROFILE_PASSWORD] = {"password", HASH_MAX,          false},
};

static const char *const session_params[] = {":sid", ":now", NULL};
static const char *const profile_params[] = {":user", NULL};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

/* The columns of the session's query and of the profile query, indexed by site_result. */
static const struct {
	const struct site_query_column *session, *profile;
	size_t n_session, n_profile;
} results[] = {
#define RESULT(session, profile)                                                                   \
	{                                                                                          \
		session, profile, LENGTH(session), LENGTH(profile)                                 \
	}
    [SITE_RESULT_USER] = RESULT(user_columns, profile_columns),
    [SITE_RESULT_DJANGO] = RESULT(django_columns, django_profile_columns),
    [SITE_RESULT_PHP] = RESULT(php_columns, php_profile_columns),
#undef RESULT
};

/* Constant after opening. */
struct site_session {
	const struct site_conf *conf;
	struct site_query_spec session_spec;
	struct site_query_spec profile_spec;
	struct site_query *session;
	struct site_query *profile; /* NULL if the site has no profile query */
	struct django_keys keys;
};

/* ---- opening ---- */

static void site_session_close(void *state)
{
	struct site_session *site = state;

	site_query_close(site->profile);
	site_query_close(site->session);
	django_keys_clear(&site->keys);
	free(site);
}

static void set_specs(struct site_session *site)
{
	const struct site_conf *conf = site->conf;
	long result = conf->site_result;

	site->session_spec = (struct site_query_spec){
	    .site = conf,
	    .database = conf->site_database,
	    .file = conf->site_query,
	    .key = "site_query",
	    .asked = session_params,
	    .columns = results[result].session,
	    .n_columns = results[result].n_session,
	};
	site->profile_spec = (struct site_query_spec){
	    .site = conf,
	    .database = conf->site_database,
	    .file = conf->site_profile_query,
	    .key = "site_profile_query",
	    .asked = profile_params,
	    .columns = results[result].profile,
	    .n_columns = results[result].n_profile,
	};
}

static bool returns(const struct site_session *site, size_t session, size_t profile)
{
	bool in_session = site->conf->site_result == SITE_RESULT_USER &&
			  site_query_returns(site->session, session);

	return in_session || (site->profile != NULL && site_query_returns(site->profile, profile));
}

/* Checks the columns that the JID rule needs. For Django, the user's number serves as the ID. */
static enum status rule_check(const struct site_session *site, struct error *err)
{
	bool django = site->conf->site_result == SITE_RESULT_DJANGO;

	return site_rule_check(site->conf, returns(site, EMAIL, PROFILE_EMAIL),
			       django || returns(site, ID, PROFILE_ID), err);
}

/* Checks that the profile query returns a password hash if the session has a hash. */
static enum status password_check(const struct site_session *site, struct error *err)
{
	const struct site_conf *conf = site->conf;

	if (conf->site_result != SITE_RESULT_PHP || conf->php_session_password[0] == '\0' ||
	    site_query_returns(site->profile, PROFILE_PASSWORD))
		return STATUS_OK;
	return conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(conf, "php_session_password"),
			  "needs a column `password`, which site_profile_query (%s) does not "
			  "return; add `… AS password` to the query",
			  conf->site_profile_query);
}

static enum status site_session_open(const struct site_conf *conf, void **out, struct error *err)
{
	struct site_session *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return error_no_memory(err);
	site->conf = conf;
	set_specs(site);
	bool django = conf->site_result == SITE_RESULT_DJANGO;
	enum status status = site_query_open(&site->session_spec, &site->session, err);
	if (django)
		status = django_blame_engine(conf, status, err);
	if (status == STATUS_OK && conf->site_profile_query[0] != '\0')
		status = site_query_open(&site->profile_spec, &site->profile, err);
	if (status == STATUS_OK && django)
		status = conf_blame(django_keys_read(conf->site_secret_file, &site->keys, err), err,
				    conf_site_place(conf, "site_secret_file"));
	if (status == STATUS_OK)
		status = rule_check(site, err);
	if (status == STATUS_OK)
		status = password_check(site, err);
	if (status == STATUS_OK)
		*out = site;
	else
		site_session_close(site);
	return status;
}

/* ---- the end of the session ---- */

/*
 * Checks the time columns that the query returns. If one of the times is past or null, no user is
 * logged in. Null does not mean that the session never ends.
 */
static enum status time_check(const struct site_session *site, const struct site_query_row *row,
			      int64_t now, struct error *err)
{
	for (size_t i = EXPIRES_S; i <= EXPIRES_ISO; i++) {
		int64_t end = 0;

		if (!site_query_returns(site->session, i))
			continue;
		if (row->values[i] == NULL)
			return error_set(err, STATUS_NOT_FOUND,
					 "the column %s of the session is null",
					 user_columns[i].name);
		if (!site_time_read((enum site_time)(i - EXPIRES_S), row->values[i], &end))
			return error_set(err, STATUS_BAD_REQUEST,
					 "the column %s of the session contains '%s', but the "
					 "name of the column requires another time format",
					 user_columns[i].name, row->values[i]);
		if (end <= now)
			return error_set(err, STATUS_NOT_FOUND, "the session has expired");
	}
	return STATUS_OK;
}

/* ---- the user ---- */

/* Moves *value to *out unless *value is NULL. */
static void take(char **value, char **out)
{
	if (*value == NULL)
		return;
	free(*out);
	*out = *value;
	*value = NULL;
}

/* Gets the user's data from the profile query. If the query finds no user, nobody is logged in. */
static enum status profile_ask(const struct site_session *site, const char *user,
			       struct site_query_row *out, struct error *err)
{
	const struct site_query_value values[] = {{.text = user}};

	return site_query_ask(site->profile, values, out, err);
}

static void profile_take(struct site_query_row *row, struct identity *out)
{
	take(&row->values[PROFILE_USER], &out->user);
	take(&row->values[PROFILE_DISPLAY_NAME], &out->display_name);
	take(&row->values[PROFILE_JID], &out->jid);
	take(&row->values[PROFILE_EMAIL], &out->email);
	take(&row->values[PROFILE_ID], &out->id);
}

static void profile_clear(struct site_query_row *row)
{
	secret_free(row->values[PROFILE_PASSWORD]);
	row->values[PROFILE_PASSWORD] = NULL;
	site_query_row_clear(row);
}

static enum status profile_add(const struct site_session *site, struct identity *out,
			       struct error *err)
{
	struct site_query_row row = {0};

	if (site->profile == NULL)
		return STATUS_OK;
	enum status status = profile_ask(site, out->user, &row, err);
	if (status == STATUS_OK && site_query_returns(site->profile, PROFILE_USER) &&
	    /* the session can have only the user's number, and a number must not become the name */
	    row.values[PROFILE_USER] == NULL)
		status = error_set(err, STATUS_NOT_FOUND, "the site has no name for this user");
	if (status == STATUS_OK)
		profile_take(&row, out);
	site_query_row_clear(&row);
	return status;
}

/* Finds the user by the number in the packed session. Checks that the password is unchanged. */
static enum status django_user(const struct site_session *site, const char *session_data,
			       struct identity *out, struct error *err)
{
	struct django_session session = {0};
	struct site_query_row row = {0};

	enum status status = django_session_read(session_data, &site->keys, &session, err);
	if (status == STATUS_OK)
		status = profile_ask(site, session.user_id, &row, err);
	if (status == STATUS_OK && row.values[PROFILE_PASSWORD] == NULL)
		status = error_set(err, STATUS_NOT_FOUND, "the site has no password for this user");
	if (status == STATUS_OK)
		status =
		    django_session_check(&session, row.values[PROFILE_PASSWORD], &site->keys, err);
	if (status == STATUS_OK) {
		out->id = session.user_id;
		session.user_id = NULL;
		profile_take(&row, out);
	}
	profile_clear(&row);
	django_session_clear(&session);
	return status;
}

/*
 * Reads the user from the packed session. If the session has a hash of the password, the user's
 * current hash must be equal.
 */
static enum status php_user(const struct site_session *site, const char *session_data,
			    struct identity *out, struct error *err)
{
	struct packed_php session = {0};
	struct site_query_row row = {0};

	enum status status = packed_php_read(session_data, site->conf, &session, err);
	if (status == STATUS_OK && site->profile != NULL)
		status = profile_ask(site, session.user, &row, err);
	const char *password = row.values[PROFILE_PASSWORD];
	if (status == STATUS_OK && session.password != NULL &&
	    (password == NULL || strlen(password) != strlen(session.password) ||
	     !secret_equal(password, session.password, strlen(password))))
		status = error_set(err, STATUS_NOT_FOUND,
				   "the user's password has changed since the login");
	if (status == STATUS_OK && site->profile != NULL &&
	    site_query_returns(site->profile, PROFILE_USER) && row.values[PROFILE_USER] == NULL)
		status = error_set(err, STATUS_NOT_FOUND, "the site has no name for this user");
	if (status == STATUS_OK) {
		take(&session.user, &out->user);
		take(&session.display_name, &out->display_name);
		profile_take(&row, out);
	}
	profile_clear(&row);
	packed_php_clear(&session);
	return status;
}

static enum status session_row_read(const struct site_session *site, struct site_query_row *row,
				    struct identity *out, struct error *err)
{
	if (row->values[WHO] == NULL || row->values[WHO][0] == '\0')
		return error_set(err, STATUS_NOT_FOUND, "the session has no user");
	if (site->conf->site_result == SITE_RESULT_DJANGO)
		return django_user(site, row->values[WHO], out, err);
	if (site->conf->site_result == SITE_RESULT_PHP)
		return php_user(site, row->values[WHO], out, err);
	take(&row->values[WHO], &out->user);
	take(&row->values[DISPLAY_NAME], &out->display_name);
	take(&row->values[JID], &out->jid);
	take(&row->values[EMAIL], &out->email);
	take(&row->values[ID], &out->id);
	return profile_add(site, out, err);
}

static enum status session_look(const struct site_session *site, const char *cookie, int64_t now,
				struct identity *out, struct error *err)
{
	struct site_query_row row = {0};
	struct strbuf sid;

	strbuf_init_secret(&sid);
	enum status status = site_cookie_sid(site->conf, cookie, &sid, err);
	const struct site_query_value values[] = {{.text = sid.data}, {.number = now}};
	if (status == STATUS_OK)
		status = site_query_ask(site->session, values, &row, err);
	if (status == STATUS_OK)
		status = time_check(site, &row, now, err);
	if (status == STATUS_OK)
		status = session_row_read(site, &row, out, err);
	if (status == STATUS_OK && out->user == NULL)
		status = error_set(err, STATUS_NOT_FOUND, "the site has no name for this user");
	site_query_row_clear(&row);
	strbuf_clear(&sid);
	return status;
}

static enum identity_verdict site_session_find(const struct identity_context *context,
					       struct identity *out, struct error *err)
{
	const char *name = context->conf->site_cookie;
	struct error why = {0};
	char *cookie = NULL;

	enum status status = request_cookie(context->req, name, &cookie, &why);
	if (status == STATUS_OK)
		status = session_look(context->state, cookie, context->now, out, &why);
	if (status == STATUS_NOT_FOUND && why.text[0] == '\0')
		error_set(&why, status,
			  cookie == NULL
			      ? "the browser did not send this cookie"
			      : "the site's database has no session or user for this cookie");
	secret_free(cookie);
	if (status == STATUS_OK)
		return IDENTITY_YES;
	error_set(err, status, "site_session: %s: %s", name, why.text);
	if (status == STATUS_NOT_FOUND)
		return IDENTITY_NONE;
	if (status == STATUS_BAD_REQUEST)
		identity_blame_cookie(out, name);
	return status == STATUS_BAD_REQUEST ? IDENTITY_BAD : IDENTITY_ERROR;
}

/* ---- prebindctl check ---- */

/*
 * Looks up a session that cannot exist. If the query finds a user for it, every visitor would be
 * that user.
 */
static enum status probe(const struct site_session *site, struct error *err)
{
	const struct site_conf *conf = site->conf;
	struct identity nobody = {0};
	char cookie[33];

	secret_random_hex(cookie, 16);
	enum status status = session_look(site, cookie, clock_wall(), &nobody, err);
	if (status == STATUS_OK)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "%s: the query returned the user '%s' for a session that does "
				   "not exist; make the query compare a column with :sid",
				   conf->site_query, nobody.user);
	else if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	identity_clear(&nobody);
	return status;
}

static enum status look_around(const struct site_session *site, struct error *said)
{
	const struct site_conf *conf = site->conf;
	struct strbuf seen;

	strbuf_init(&seen);
	enum status status = probe(site, said);
	if (conf->site_result == SITE_RESULT_DJANGO)
		status = status == STATUS_OK ? django_sessions_check(conf, &site->keys, &seen, said)
					     : django_blame_engine(conf, status, said);
	if (status == STATUS_OK && !strbuf_ok(&seen))
		status = error_no_memory(said);
	if (status == STATUS_OK)
		error_set(said, status,
			  "the cookie %s is looked up in %s with the query in %s; a test with an "
			  "invented session id correctly finds no user%s",
			  conf->site_cookie, conf->site_database, conf->site_query,
			  seen.len > 0 ? seen.data : "");
	strbuf_clear(&seen);
	return status;
}

static enum status site_session_check(const struct site_conf *conf, struct store *store,
				      struct error *said)
{
	void *site = NULL;

	(void)store;
	enum status status = site_session_open(conf, &site, said);
	if (status != STATUS_OK)
		return status;
	status = look_around(site, said);
	site_session_close(site);
	return status;
}

static bool site_session_names_jids(const struct site_conf *conf, const void *state)
{
	(void)conf;
	return state == NULL || returns(state, JID, PROFILE_JID);
}

const struct identity_provider site_session_provider = {
    .name = PROVIDER_SITE_SESSION,
    .knows = IDENTITY_EMAIL | IDENTITY_ID,
    .open = site_session_open,
    .close = site_session_close,
    .find = site_session_find,
    .names_jids = site_session_names_jids,
    .check = site_session_check,
};
