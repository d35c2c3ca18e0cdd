/*
 * Finds the users of provider `login` in the site's own database, if the key login_query is set.
 * Each user is a row that the operator's query finds in the site's table. The query is read-only.
 */
#ifndef IDENTITY_LOGIN_QUERY_H
#define IDENTITY_LOGIN_QUERY_H

#include <stdbool.h>

#include "conf/conf.h"

struct login_query; /* thread-safe */

/* Reads and checks the query. conf is borrowed and must outlive *out. The caller closes *out. */
enum status login_query_open(const struct site_conf *conf, struct login_query **out,
			     struct error *err);
/* Checks that the site's database accepts the query. The errors are those of login_query_open. */
enum status login_query_check(struct login_query *users, struct error *err);

void login_query_close(struct login_query *users); /* takes NULL */

/* Returns true if the query returns the column `jid`. */
bool login_query_has_jids(const struct login_query *users);

struct login_query_user {
	char *name;          /* as the site spells it; owned, as are the strings below */
	char *display_name;  /* "" if there is none */
	char *jid;           /* "" if there is none */
	char *password_hash; /* "" if the user cannot log in */
	bool disabled;
};

/*
 * Returns STATUS_NOT_FOUND if there is no user of that name. Returns STATUS_UNAVAILABLE if the
 * look-up failed, or if the query found more than one user. The caller clears *out.
 */
enum status login_query_find(struct login_query *users, const char *name,
			     struct login_query_user *out, struct error *err);
void login_query_user_clear(struct login_query_user *user);

#endif
