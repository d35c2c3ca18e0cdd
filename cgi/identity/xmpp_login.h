/*
 * The XMPP server asks: does this password hold for that account? It does if it is a one-time token
 * of ours (xmpp/login_token.h), or the own password of the site user whose account it is. What
 * prebind-extauth answers with.
 */
#ifndef IDENTITY_XMPP_LOGIN_H
#define IDENTITY_XMPP_LOGIN_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "xmpp/jid.h"

struct xmpp_login; /* one site's; thread-safe */

/*
 * Opens the site's database and limits, and reads the key of its tokens, where bosh_token_key_file
 * names one. conf is borrowed for the life of *out.
 */
enum status xmpp_login_open(const struct site_conf *conf, struct xmpp_login **out,
			    struct error *err);
void xmpp_login_close(struct xmpp_login *login); /* takes NULL */

/* "token" or "password": what a log line calls it. Static. */
const char *xmpp_login_kind(const struct xmpp_login *login, const char *password);

/*
 * STATUS_OK once for a token, always for a password. STATUS_BAD_CREDENTIALS whatever is wrong with
 * it; STATUS_SLOW_DOWN: too many wrong passwords (key limit_login); STATUS_BUSY,
 * STATUS_UNAVAILABLE: could not look. The sentence is for the log and says which. now: seconds,
 * wall clock.
 */
enum status xmpp_login_check(struct xmpp_login *login, const struct jid *jid, const char *password,
			     int64_t now, struct error *err);

/*
 * STATUS_NOT_FOUND: no account that we know. Users whom another provider than `login` vouches for
 * are known by rows of the JID map.
 */
enum status xmpp_login_exists(struct xmpp_login *login, const struct jid *jid, struct error *err);

#endif
