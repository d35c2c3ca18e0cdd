/*
 * The account that the program runs as. prebindctl changes to it when root runs it, so that it has
 * the program's rights and leaves no file owned by root beside a database.
 */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include <pwd.h>
#include <sys/types.h>

#include "conf/conf.h"

/*
 * Finds the account: `user` of [server], otherwise the owner of the site's database. *out is 0 if
 * root owns the database, or if there is no database. If the tool does not run as root, *out is its
 * own account.
 */
enum status account_of_site(const struct conf *conf, const struct site_conf *site, uid_t *out,
			    struct error *err);

/*
 * Changes to that account permanently. Does nothing if uid is 0 or our own account. Fails if the
 * machine has no such account, because as root we would leave files that the program cannot write
 * to.
 */
enum status account_become(uid_t uid, struct error *err);

/*
 * Like account_become, but only until account_return is called with the same uid. No other thread
 * is allowed to run meanwhile.
 */
enum status account_borrow(uid_t uid, struct error *err);
void account_return(uid_t uid);

/* Changes to the account, with its groups. Returns false if that is not allowed. */
bool account_take_rights(const struct passwd *who);

#endif
