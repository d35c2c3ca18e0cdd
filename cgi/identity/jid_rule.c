/*
 * From a site user to a bare JID. A row of the map says so outright; the rule is for sites where every user has the
 * account of the same name. The rule is injective: a name that preparation would change is refused, unless the
 * rule folds case itself.
 */
#include "identity/jid_rule.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/jid_map.h"

#define RULE_USER       "{user}@"
#define RULE_USER_LOWER "{user|lower}@"

struct rule {
	bool lower;
	const char *domain; /* borrowed from the rule's text */
};

static bool rule_read(const char *text, struct rule *out)
{
	if (strncmp(text, RULE_USER, strlen(RULE_USER)) == 0)
		*out = (struct rule){.lower = false, .domain = text + strlen(RULE_USER)};
	else if (strncmp(text, RULE_USER_LOWER, strlen(RULE_USER_LOWER)) == 0)
		*out = (struct rule){.lower = true, .domain = text + strlen(RULE_USER_LOWER)};
	else
		return false;
	return out->domain[0] != '\0';
}

enum status jid_rule_check(const char *text, struct error *err)
{
	struct rule rule;
	char *domain = NULL;

	if (!rule_read(text, &rule))
		return error_set(err, STATUS_BAD_REQUEST,
				 "jid: '%s' is no rule; write {user}@domain or {user|lower}@domain",
				 text);
	enum status status = jid_domain_prepare(rule.domain, &domain, err);
	free(domain);
	return status;
}

static enum status jid_from_rule(const char *text, const char *user, struct jid *out,
				 struct error *err)
{
	struct rule rule;
	struct error why = {0};
	char *localpart = NULL;

	if (!rule_read(text, &rule))
		return error_set(err, STATUS_INTERNAL, "jid: '%s' is no rule", text);
	enum status status = jid_localpart_from_name(user, rule.lower, &localpart, &why);
	if (status == STATUS_OK)
		status = jid_make(localpart, rule.domain, NULL, out, &why);
	free(localpart);
	if (status == STATUS_BAD_REQUEST)
		return error_set(
		    err, STATUS_NO_CHAT_ACCOUNT,
		    "site user '%s' has no JID by the rule %s: %s; give the user a row with "
		    "`prebindctl map set USER JID`",
		    user, text, why.text);
	return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
}

/* The rule may not lead to an account that a row has given to somebody else. */
static enum status refuse_taken(struct store *store, const char *user, const struct jid *jid,
				struct error *err)
{
	struct jid_map_row row = {0};

	enum status status = jid_map_find_account(store, jid->localpart, jid->domain, &row, err);
	if (status == STATUS_OK)
		status = error_set(
		    err, STATUS_NO_CHAT_ACCOUNT,
		    "the rule leads site user '%s' to %s@%s, which the JID map gives to '%s'; "
		    "give the user another JID with `prebindctl map set`",
		    user, jid->localpart, jid->domain, row.user);
	jid_map_clear(&row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status jid_rule_apply(const struct site_conf *conf, struct store *store, const char *source,
			   const char *user, struct jid *out, struct error *err)
{
	struct jid_map_row row = {0};
	struct error why = {0};

	enum status status = jid_map_find(store, source, user, &row, &why);
	if (status == STATUS_OK)
		status = jid_make(row.localpart, row.domain, NULL, out, &why);
	jid_map_clear(&row);
	if (status == STATUS_NOT_FOUND && conf->accounts == ACCOUNTS_ALL) {
		status = jid_from_rule(conf->jid, user, out, err);
		if (status == STATUS_OK &&
		    (status = refuse_taken(store, user, out, err)) != STATUS_OK)
			jid_clear(out);
		return status;
	}
	if (status == STATUS_NOT_FOUND)
		return error_set(
		    err, STATUS_NO_CHAT_ACCOUNT,
		    "site user '%s' has no row in the JID map, and accounts = map: add one with "
		    "`prebindctl map set USER JID`",
		    user);
	return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
}
