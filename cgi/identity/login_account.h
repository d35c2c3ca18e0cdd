/*
 * The accounts that provider `login` knows: users of our own table, or, with key login_query, of
 * the site's.
 */
#ifndef IDENTITY_LOGIN_ACCOUNT_H
#define IDENTITY_LOGIN_ACCOUNT_H

#include <stdbool.h>

#include "identity/identity.h"

/* Owned. */
struct login_account {
	char *name; /* as its table spells it */
	char *display_name;
	char *jid;           /* NULL: our table knows none */
	char *password_hash; /* "" : cannot log in */
	bool disabled;
};

bool login_users_are_the_sites(const struct site_conf *conf);

/* STATUS_NOT_FOUND: nobody of that name. The caller clears *out. */
enum status login_account_find(const struct identity_context *context, const char *name,
			       struct login_account *out, struct error *err);

/*
 * With that password, too: STATUS_BAD_CREDENTIALS whatever is wrong, after the same work;
 * STATUS_BUSY.
 */
enum status login_account_check(const struct identity_context *context, const char *name,
				const char *password, struct login_account *out, struct error *err);
void login_account_clear(struct login_account *account);

#endif
