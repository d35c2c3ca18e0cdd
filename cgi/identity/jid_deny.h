/*
 * Accounts that nobody becomes, whatever leads there: those of deny_jids, and the one that we call
 * Tigase with. Every way to a JID asks here: rule, map, site, gateway, prebindctl, prebind-extauth.
 */
#ifndef IDENTITY_JID_DENY_H
#define IDENTITY_JID_DENY_H

#include <stdbool.h>

#include "conf/conf.h"
#include "xmpp/jid.h"

/* Can deny_jids be read? STATUS_BAD_REQUEST. domain: of the rule. */
enum status jid_deny_check(const struct site_conf *conf, const char *domain, struct error *err);

/* STATUS_NO_CHAT_ACCOUNT says why not. Resources do not matter. */
enum status jid_deny(const struct site_conf *conf, const struct jid *jid, struct error *err);

#endif
