/*
 * The users of provider `login` if the key login_query makes them the site's own. A user is a row
 * of the site's table, found by the operator's query, read-only.
 */
#ifndef IDENTITY_LOGIN_QUERY_H
#define IDENTITY_LOGIN_QUERY_H

#include <stdbool.h>

#include "conf/conf.h"

struct site_users; /* thread-safe */

/* Checks the query against the database. conf is borrowed as long as *out lives. */
enum status site_users_open(const struct site_conf *conf, struct site_users **out,
			    struct error *err);
void site_users_close(struct site_users *users); /* takes NULL */

/* True if the query returns the column `jid`. */
bool site_users_name_jids(const struct site_users *users);

struct site_user {
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
enum status site_user_find(struct site_users *users, const char *name, struct site_user *out,
			   struct error *err);
void site_user_clear(struct site_user *user);

#endif
