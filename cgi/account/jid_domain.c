/*
 * The rule jid = {email}: an e-mail address in a listed domain is used as the JID. Only the listed
 * domains are accepted, because whoever controls the mail of a domain could get any JID in that
 * domain.
 */
#include "account/jid_domain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/placeholder.h"
#include "xmpp/jid_name.h"

enum status jid_rule_domain(const struct site_conf *conf, char **out, struct error *err)
{
	struct jid_rule rule;
	const char *why = jid_rule_read(conf->jid, &rule);
	enum status status =
	    why == NULL ? STATUS_OK : error_set(err, STATUS_INTERNAL, "'%s' %s", conf->jid, why);

	if (status == STATUS_OK && rule.whole && conf->jid_domains.count == 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "jid = {email} requires the key jid_domains, the list of domains "
				 "whose email addresses are JIDs");
	return status == STATUS_OK
		   ? jid_domain_prepare(rule.whole ? conf->jid_domains.items[0] : rule.domain, out,
					err)
		   : status;
}

bool jid_rule_has_domain(const struct site_conf *conf, const char *domain)
{
	struct jid_rule rule;
	char *prepared = NULL;
	bool same;

	if (jid_rule_read(conf->jid, &rule) != NULL)
		return false;
	for (size_t i = 0; rule.whole && i < conf->jid_domains.count; i++)
		if (strcmp(conf->jid_domains.items[i], domain) == 0)
			return true;
	if (rule.whole || jid_domain_prepare(rule.domain, &prepared, NULL) != STATUS_OK)
		return false;
	same = strcmp(prepared, domain) == 0;
	free(prepared);
	return same;
}

/*
 * A domain of the list must be in prepared form already. Otherwise two entries could mean the same
 * domain.
 */
enum status jid_domains_check(const struct site_conf *conf, struct error *err)
{
	const struct conf_list *list = &conf->jid_domains;
	struct conf_place place = conf_site_place(conf, "jid_domains");
	struct jid_rule rule;

	if (list->count > 0 && (jid_rule_read(conf->jid, &rule) != NULL || !rule.whole))
		return conf_fault(
		    err, STATUS_BAD_REQUEST, place,
		    "requires jid = {email}, but `jid` is %s, which already contains a domain",
		    conf->jid);
	for (size_t i = 0; i < list->count; i++) {
		char *prepared = NULL;
		enum status status = jid_domain_prepare(list->items[i], &prepared, err);
		bool same = status == STATUS_OK && strcmp(prepared, list->items[i]) == 0;

		free(prepared);
		if (status != STATUS_OK || !same)
			return conf_fault(
			    err, STATUS_BAD_REQUEST, place,
			    "'%s' is not a domain in the form that the XMPP server uses; write the "
			    "domain in lower case, without a dot at the end",
			    list->items[i]);
		if (conf_site_has_provider(conf, PROVIDER_GUEST) &&
		    strcmp(list->items[i], conf->guest_domain) == 0)
			return conf_fault(err, STATUS_BAD_REQUEST, place,
					  "%s is the guest_domain, which is reserved for guests; "
					  "remove this domain from jid_domains",
					  list->items[i]);
	}
	return STATUS_OK;
}

/*
 * Finds the address's domain in the list. ASCII case is ignored, as in mail; otherwise the domain
 * must match exactly. Returns the entry of the list, or NULL if the list does not have the domain.
 */
static const char *domain_of_address(const struct conf_list *list, const char *address)
{
	const char *at = strrchr(address, '@');

	for (size_t i = 0; at != NULL && i < list->count; i++)
		if (strcasecmp(list->items[i], at + 1) == 0)
			return list->items[i];
	return NULL;
}

enum status jid_from_address(const struct site_conf *conf, const char *address, struct jid *out,
			     struct error *err)
{
	const char *domain = domain_of_address(&conf->jid_domains, address);
	char *name = NULL, *localpart = NULL;

	if (domain == NULL)
		return error_set(err, STATUS_BAD_REQUEST, "the domain of %s is not in jid_domains",
				 address);
	name = strndup(address, (size_t)(strrchr(address, '@') - address));
	if (name == NULL)
		return error_no_memory(err);
	enum status status = jid_localpart_from_name(name, JID_NAME_PLAIN, &localpart, err);
	if (status == STATUS_OK)
		status = jid_make(localpart, domain, NULL, out, err);
	free(localpart);
	free(name);
	return status;
}
