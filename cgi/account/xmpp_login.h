/*
 * Checks a password for the XMPP server (prebind-extauth). Two passwords are right for an account:
 * a one-time token that prebind made (xmpp/login_token.h), and the password of the site user who
 * owns the account.
 */
#ifndef ACCOUNT_XMPP_LOGIN_H
#define ACCOUNT_XMPP_LOGIN_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "xmpp/jid.h"

struct xmpp_login; /* for one site; thread-safe */

/*
 * Opens the site's database and limits. Also reads the key for one-time tokens if
 * bosh_token_key_file is set. conf is borrowed until xmpp_login_close.
 */
enum status xmpp_login_open(const struct site_conf *conf, struct xmpp_login **out,
			    struct error *err);
void xmpp_login_close(struct xmpp_login *login); /* NULL is allowed */

/* Returns "token" or "password", for a log line. The string is static. */
const char *xmpp_login_kind(const struct xmpp_login *login, const char *password);

/*
 * Returns STATUS_OK if the password is right; a token is accepted only once. Returns
 * STATUS_BAD_CREDENTIALS if the password is wrong for any reason. Returns STATUS_SLOW_DOWN if there
 * were too many wrong passwords (key limit_login). Returns STATUS_BUSY or STATUS_UNAVAILABLE if the
 * password could not be checked. err holds the details for the log. `now` is in seconds, wall
 * clock.
 */
enum status xmpp_login_check(struct xmpp_login *login, const struct jid *jid, const char *password,
			     int64_t now, struct error *err);

/*
 * Returns STATUS_NOT_FOUND if no user has this account. Users of providers other than `login` are
 * known only by rows of the JID map.
 */
enum status xmpp_login_exists(struct xmpp_login *login, const struct jid *jid, struct error *err);

#endif
