/*
 * The account that the program runs as. If root runs prebindctl, the tool changes to this account.
 * The tool then has the same rights as the program, and leaves no files owned by root beside a
 * database.
 */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include <pwd.h>
#include <sys/types.h>

#include "conf/conf.h"

/*
 * Finds the program's account. The account is `user` of [server] if that key is set, otherwise the
 * owner of the site's database. *out is 0 if root owns the database, or if there is no database. If
 * the tool does not run as root, *out is the tool's own account.
 */
enum status account_of_site(const struct conf *conf, const struct site_conf *site, uid_t *out,
			    struct error *err);

/*
 * Changes to the account uid permanently. Does nothing if uid is 0 or the current account. Fails if
 * the machine has no account with this uid. If the tool continued as root, the program could not
 * write the files that the tool creates.
 */
enum status account_become(uid_t uid, struct error *err);

/*
 * Like account_become, but only until account_return is called with the same uid. The process must
 * not have other threads during that time.
 */
enum status account_borrow(uid_t uid, struct error *err);
void account_return(uid_t uid);

/* Changes to the account and its groups. Returns false if the system does not allow it. */
bool account_take_rights(const struct passwd *who);

#endif
