/*
 * The accounts of provider `login`. They are rows of our own table of users or, if the key
 * login_query is set, of the site's table.
 */
#ifndef IDENTITY_LOGIN_ACCOUNT_H
#define IDENTITY_LOGIN_ACCOUNT_H

#include <stdbool.h>

#include "identity/identity.h"

/* An account. All strings are owned. */
struct login_account {
	char *name; /* as spelled in its table */
	char *display_name;
	char *jid;           /* NULL if the table has no JID */
	char *password_hash; /* "" if the user cannot log in */
	bool disabled;
};

bool login_users_are_the_sites(const struct site_conf *conf);

/* Returns STATUS_NOT_FOUND if there is no user of that name. The caller clears *out. */
enum status login_account_find(const struct identity_context *context, const char *name,
			       struct login_account *out, struct error *err);

/*
 * Finds the account and checks the password. Returns STATUS_BAD_CREDENTIALS if the name or the
 * password is wrong, or the user is disabled; all three cases take the same work. Returns
 * STATUS_BUSY if too many password checks are in progress.
 */
enum status login_account_check(const struct identity_context *context, const char *name,
				const char *password, struct login_account *out, struct error *err);
void login_account_clear(struct login_account *account);

#endif
