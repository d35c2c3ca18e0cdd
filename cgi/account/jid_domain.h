/*
 * The domains of a site's JIDs: the one in the key jid, or those of jid_domains.
 */
#ifndef ACCOUNT_JID_DOMAIN_H
#define ACCOUNT_JID_DOMAIN_H

#include <stdbool.h>

#include "conf/conf.h"
#include "xmpp/jid.h"

/* Returns the rule's domain, prepared, or the first of jid_domains; the caller frees it. */
enum status jid_rule_domain(const struct site_conf *conf, char **out, struct error *err);

/* True for the rule's domain, or one of jid_domains. domain is prepared. */
bool jid_rule_has_domain(const struct site_conf *conf, const char *domain);

/* Checks jid_domains. STATUS_BAD_REQUEST: err says what is wrong. */
enum status jid_domains_check(const struct site_conf *conf, struct error *err);

/* Makes the JID of an e-mail address. STATUS_BAD_REQUEST: it is none. The caller clears *out. */
enum status jid_from_address(const struct site_conf *conf, const char *address, struct jid *out,
			     struct error *err);

#endif
