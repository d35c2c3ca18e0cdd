/*
 * Runs one SELECT in the site's database. sitedb/site_query.h limits what the SELECT can do and
 * checks its values.
 */
#include "identity/login_query.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"
#include "identity/identity.h"
#include "password/hash.h"
#include "sitedb/site_query.h"

#define JID_MAX  2047 /* RFC 7622 3.1: two parts of 1023 bytes, and the @ between them */
#define FLAG_MAX 32   /* fits 0, 1, or the time of a ban */

enum { PASSWORD_HASH, USER, DISPLAY_NAME, JID, DISABLED, N_COLUMNS };

static const struct site_query_column columns[] = {
    [PASSWORD_HASH] = {"password_hash", PASSWORD_HASH_MAX, true },
    [USER] = {"user",          IDENTITY_USER_MAX, false},
    [DISPLAY_NAME] = {"display_name",  IDENTITY_USER_MAX, false},
    [JID] = {"jid",           JID_MAX,           false},
    [DISABLED] = {"disabled",      FLAG_MAX,          false},
};
static const char *const asked[] = {":user", NULL};

struct login_query {
	struct site_query_spec spec;
	struct site_query *query;
};

enum status login_query_open(const struct site_conf *conf, struct login_query **out,
			     struct error *err)
{
	struct login_query *users = calloc(1, sizeof(*users));

	if (users == NULL)
		return error_no_memory(err);
	users->spec = (struct site_query_spec){
	    .site = conf,
	    .database = conf->site_database,
	    .file = conf->login_query,
	    .key = "login_query",
	    .asked = asked,
	    .columns = columns,
	    .n_columns = N_COLUMNS,
	};
	enum status status = site_query_open(&users->spec, &users->query, err);
	if (status == STATUS_OK)
		*out = users;
	else
		free(users);
	return status;
}

enum status login_query_check(struct login_query *users, struct error *err)
{
	return site_query_check(users->query, err);
}

void login_query_close(struct login_query *users)
{
	if (users == NULL)
		return;
	site_query_close(users->query);
	free(users);
}

bool login_query_has_jids(const struct login_query *users)
{
	return site_query_returns(users->query, JID);
}

void login_query_user_clear(struct login_query_user *user)
{
	free(user->name);
	free(user->display_name);
	free(user->jid);
	secret_free(user->password_hash);
	*user = (struct login_query_user){0};
}

/* Moves the value out of the row. If the row has no such value, returns a copy of `instead`. */
static char *take(struct site_query_row *row, int column, const char *instead)
{
	char *value = row->values[column];

	row->values[column] = NULL;
	return value != NULL ? value : strdup(instead);
}

/*
 * Returns false if the flag `disabled` is null, empty or 0. Any other value means true, even "f"
 * and "no", so that an unexpected value cannot let a disabled user log in.
 */
static bool is_set(const char *flag)
{
	return flag != NULL && flag[0] != '\0' && strcmp(flag, "0") != 0;
}

enum status login_query_find(struct login_query *users, const char *name,
			     struct login_query_user *out, struct error *err)
{
	const struct site_query_value value = {.text = name};
	struct site_query_row row = {0};
	struct error why = {0};
	struct login_query_user user;

	enum status status = site_query_ask(users->query, &value, &row, &why);
	if (status == STATUS_NOT_FOUND)
		return error_set(err, status, "the site has no user '%s'", name);
	/* the query found two users with that name, or returned a value that cannot be used */
	if (status == STATUS_BAD_REQUEST)
		status = STATUS_UNAVAILABLE;
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	if (site_query_returns(users->query, USER) && row.values[USER] == NULL) {
		/* if the row has no name, the typed name must not be used instead */
		site_query_row_clear(&row);
		return error_set(
		    err, STATUS_NOT_FOUND,
		    "login_query returned no name for '%s' because the column user is null", name);
	}
	user = (struct login_query_user){
	    .disabled = is_set(row.values[DISABLED]),
	    .name = take(&row, USER, name),
	    .display_name = take(&row, DISPLAY_NAME, ""),
	    .jid = take(&row, JID, ""),
	    .password_hash = take(&row, PASSWORD_HASH, ""),
	};
	site_query_row_clear(&row);
	if (user.name != NULL && text_has_control(user.name)) {
		login_query_user_clear(&user);
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "login_query returned a user with a control character in the name");
	}
	if (user.name == NULL || user.display_name == NULL || user.jid == NULL ||
	    user.password_hash == NULL) {
		login_query_user_clear(&user);
		return error_no_memory(err);
	}
	*out = user;
	return STATUS_OK;
}
