/*
 * Accounts that no user is allowed to use: the accounts in deny_jids, the accounts of guests, and
 * the account with which we call Tigase. All code that finds a JID refuses these accounts: the
 * rule, the map, the site's own JIDs, the ad-hoc call, prebindctl and prebind-extauth.
 */
#ifndef ACCOUNT_JID_DENY_H
#define ACCOUNT_JID_DENY_H

#include <stdbool.h>

#include "conf/conf.h"
#include "xmpp/jid.h"

/*
 * Checks that deny_jids can be parsed. Returns STATUS_BAD_REQUEST if it cannot. `domain` is the
 * rule's domain.
 */
enum status jid_deny_check(const struct site_conf *conf, const char *domain, struct error *err);

/* Returns STATUS_NO_CHAT_ACCOUNT if the JID is denied; err says why. The resource is ignored. */
enum status jid_deny(const struct site_conf *conf, const struct jid *jid, struct error *err);

#endif
