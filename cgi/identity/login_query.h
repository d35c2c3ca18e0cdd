/*
 * The users of provider `login` if the key login_query makes them the site's own. A user is a row
 * of the site's table, found by the operator's query, read-only.
 */
#ifndef IDENTITY_LOGIN_QUERY_H
#define IDENTITY_LOGIN_QUERY_H

#include <stdbool.h>

#include "conf/conf.h"

struct login_query; /* thread-safe */

/* Checks the query against the database. conf is borrowed as long as *out lives. */
enum status login_query_open(const struct site_conf *conf, struct login_query **out,
			     struct error *err);
/* Asks the site's database whether it takes the query. Errors as for login_query_open. */
enum status login_query_check(struct login_query *users, struct error *err);

void login_query_close(struct login_query *users); /* takes NULL */

/* True if the query returns the column `jid`. */
bool login_query_has_jids(const struct login_query *users);

struct login_query_user {
	char *name;          /* as the site spells it; owned, as are the next members */
	char *display_name;  /* "" for none */
	char *jid;           /* "" for none */
	char *password_hash; /* "" : cannot log in */
	bool disabled;
};

/*
 * STATUS_NOT_FOUND: there is no user of that name. STATUS_UNAVAILABLE: the look-up failed, or the
 * query is ambiguous. The caller clears *out.
 */
enum status login_query_find(struct login_query *users, const char *name,
			     struct login_query_user *out, struct error *err);
void login_query_user_clear(struct login_query_user *user);

#endif
