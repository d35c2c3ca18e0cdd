/*
 * Accounts that no user may use: those of deny_jids, those of guests, and the one that we call
 * Tigase with. Everything that finds a JID checks this: the rule, the map, the site's own JIDs, the
 * ad-hoc call, prebindctl and prebind-extauth.
 */
#ifndef ACCOUNT_JID_DENY_H
#define ACCOUNT_JID_DENY_H

#include <stdbool.h>

#include "conf/conf.h"
#include "xmpp/jid.h"

/* Checks that deny_jids can be read. STATUS_BAD_REQUEST: it cannot. domain: that of the rule. */
enum status jid_deny_check(const struct site_conf *conf, const char *domain, struct error *err);

/* STATUS_NO_CHAT_ACCOUNT: the JID is denied; err says why. The resource is ignored. */
enum status jid_deny(const struct site_conf *conf, const struct jid *jid, struct error *err);

#endif
