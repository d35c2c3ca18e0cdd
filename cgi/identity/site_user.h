/*
 * The users of provider `login` where key login_query says that they are the site's own: a row of
 * its table, by a query of the operator's, read-only.
 */
#ifndef IDENTITY_SITE_USER_H
#define IDENTITY_SITE_USER_H

#include <stdbool.h>

#include "conf/conf.h"

struct site_users; /* thread-safe */

/* Checks the query against the database. conf is borrowed for the life of *out. */
enum status site_users_open(const struct site_conf *conf, struct site_users **out,
			    struct error *err);
void site_users_close(struct site_users *users); /* takes NULL */

/* Does the query return the column `jid`? */
bool site_users_name_jids(const struct site_users *users);

struct site_user {
	char *name;          /* as the site spells it; owned, as what follows */
	char *display_name;  /* "" for none */
	char *jid;           /* "" for none */
	char *password_hash; /* "" : cannot log in */
	bool disabled;
};

/*
 * STATUS_NOT_FOUND: nobody of that name. STATUS_UNAVAILABLE: could not look, or the query is
 * ambiguous. The caller clears *out.
 */
enum status site_user_find(struct site_users *users, const char *name, struct site_user *out,
			   struct error *err);
void site_user_clear(struct site_user *user);

#endif
