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
 * Finds the account: `user` of [server], otherwise the owner of the site's database. 0: root owns
 * the database, or there is none. If root does not run us, it is our own account.
 */
enum status account_of_site(const struct conf *conf, const struct site_conf *site, uid_t *out,
			    struct error *err);

/*
 * Changes to that account for good. Does nothing for 0 and for our own. It is an error if the
 * machine has no such account: as root we would leave files that the program cannot write to.
 */
enum status account_become(uid_t uid, struct error *err);

/*
 * The same until account_return, which takes the same uid. No other thread may run.
 */
enum status account_borrow(uid_t uid, struct error *err);
void account_return(uid_t uid);

/* Changes to the account, with its groups. False: that is not allowed. */
bool account_take_rights(const struct passwd *who);

#endif
