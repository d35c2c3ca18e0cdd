/*
 * Answers the XMPP server's question whether a password is right for an account. It is right if it
 * is a one-time token of ours (xmpp/login_token.h), or the password of the site user who owns the
 * account. prebind-extauth uses this.
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
 * bosh_token_key_file is set. conf is borrowed as long as *out lives.
 */
enum status xmpp_login_open(const struct site_conf *conf, struct xmpp_login **out,
			    struct error *err);
void xmpp_login_close(struct xmpp_login *login); /* takes NULL */

/* Returns "token" or "password", for a log line. Static. */
const char *xmpp_login_kind(const struct xmpp_login *login, const char *password);

/*
 * STATUS_OK: the password is right; a token is accepted once only. STATUS_BAD_CREDENTIALS: it is
 * wrong in any way. STATUS_SLOW_DOWN: there were too many wrong passwords (key limit_login).
 * STATUS_BUSY, STATUS_UNAVAILABLE: the check was not possible. err is for the log and says which.
 * now: seconds, wall clock.
 */
enum status xmpp_login_check(struct xmpp_login *login, const struct jid *jid, const char *password,
			     int64_t now, struct error *err);

/*
 * STATUS_NOT_FOUND: no user has this account. Users of providers other than `login` are known only
 * by rows of the JID map.
 */
enum status xmpp_login_exists(struct xmpp_login *login, const struct jid *jid, struct error *err);

#endif
