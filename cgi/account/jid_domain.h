/*
 * The domains of a site's JIDs: the domain in the key jid, or the domains of jid_domains.
 */
#ifndef ACCOUNT_JID_DOMAIN_H
#define ACCOUNT_JID_DOMAIN_H

#include <stdbool.h>

#include "conf/conf.h"
#include "xmpp/jid.h"

/* Returns the rule's domain, prepared, or the first of jid_domains. The caller frees it. */
enum status jid_rule_domain(const struct site_conf *conf, char **out, struct error *err);

/* True if `domain`, in prepared form, is the rule's domain or one of jid_domains. */
bool jid_rule_has_domain(const struct site_conf *conf, const char *domain);

/* Checks jid_domains. Returns STATUS_BAD_REQUEST if it is wrong; err says what is wrong. */
enum status jid_domains_check(const struct site_conf *conf, struct error *err);

/*
 * Converts an e-mail address to a JID. Returns STATUS_BAD_REQUEST if that is not possible. The
 * caller clears *out.
 */
enum status jid_from_address(const struct site_conf *conf, const char *address, struct jid *out,
			     struct error *err);

#endif
