/*
 * From a site user to a bare JID. A row of the map says so outright; the rule is for sites where every user has the
 * account of the same name. The rule is injective: a name that preparation would change is refused, unless the
 * rule folds case itself.
 */
#include "identity/jid_rule.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "identity/login_session.h"
#include "store/jid_map.h"
#include "store/user.h"

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

/* What the site says is believed within the one domain that is ours to give out (SEC-JID-1). */
static enum status jid_from_site(const struct site_conf *conf, const char *text, struct jid *out,
				 struct error *err)
{
	struct jid jid = {0};
	char *domain = NULL;
	struct error why = {0};

	enum status status = jid_rule_domain(conf, &domain, err);
	if (status != STATUS_OK)
		return status;
	status = jid_parse(text, &jid, &why);
	if (status == STATUS_OK && jid.resource != NULL && jid.resource[0] != '\0')
		status = error_set(&why, STATUS_BAD_REQUEST, "it is not name@domain");
	if (status == STATUS_OK && strcmp(jid.domain, domain) != 0)
		status = error_set(&why, STATUS_BAD_REQUEST, "its domain is not %s", domain);
	free(domain);
	if (status == STATUS_OK) {
		*out = jid;
		return status;
	}
	jid_clear(&jid);
	return error_set(err, status == STATUS_BAD_REQUEST ? STATUS_NO_CHAT_ACCOUNT : status,
			 "the site's JID '%s' is not taken: %s", text, why.text);
}

/* The map has the first word, and with accounts = map the only one. */
static enum status has_row(const struct site_conf *conf, struct store *store,
			   const struct identity *who, bool *out, struct error *err)
{
	struct jid_map_row row = {0};
	enum status status = jid_map_find(store, who->source, who->user, &row, err);

	jid_map_clear(&row);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	*out = status == STATUS_OK || conf->accounts == ACCOUNTS_MAP;
	return STATUS_OK;
}

enum status jid_rule_identity(const struct site_conf *conf, struct store *store,
			      const struct identity *who, struct jid *out, struct error *err)
{
	bool by_row = true;
	enum status status = STATUS_OK;

	if (who->jid[0] != '\0')
		status = has_row(conf, store, who, &by_row, err);
	if (status == STATUS_OK && by_row)
		return jid_rule_apply(conf, store, who->source, who->user, out, err);
	if (status == STATUS_OK)
		status = jid_from_site(conf, who->jid, out, err);
	if (status != STATUS_OK)
		return status;
	status = refuse_taken(store, who->user, out, err);
	if (status != STATUS_OK)
		jid_clear(out);
	return status;
}

/* ---- the way back ---- */

enum status jid_rule_domain(const struct site_conf *conf, char **out, struct error *err)
{
	struct rule rule;

	if (!rule_read(conf->jid, &rule))
		return error_set(err, STATUS_INTERNAL, "jid: '%s' is no rule", conf->jid);
	return jid_domain_prepare(rule.domain, out, err);
}

void jid_owner_clear(struct jid_owner *owner)
{
	free(owner->source);
	free(owner->user);
	*owner = (struct jid_owner){0};
}

/* Going back is a guess; it holds if the way there leads to the same account. */
static enum status leads_to(const struct site_conf *conf, struct store *store, const char *user,
			    const struct jid *jid, struct error *err)
{
	struct jid there = {0};

	enum status status =
	    jid_rule_apply(conf, store, login_session_provider.name, user, &there, err);
	if (status == STATUS_OK && !jid_same_bare(&there, jid))
		status = error_set(err, STATUS_NOT_FOUND, "site user '%s' has another JID", user);
	jid_clear(&there);
	return status == STATUS_NO_CHAT_ACCOUNT ? STATUS_NOT_FOUND : status;
}

/* The user of provider login whose name became that localpart, as the user is really called. */
static enum status name_find(const struct site_conf *conf, struct store *store,
			     const struct jid *jid, char **out, struct error *err)
{
	const struct identity_context context = {.conf = conf, .store = store};
	struct user user = {0};
	struct rule rule;
	char *name = NULL;

	if (!rule_read(conf->jid, &rule))
		return error_set(err, STATUS_INTERNAL, "jid: '%s' is no rule", conf->jid);
	enum status status = jid_name_from_localpart(jid->localpart, &name, err);
	if (status == STATUS_OK)
		status = login_user_check(&context, name, err);
	if (status == STATUS_BAD_CREDENTIALS) /* disabled is not gone */
		status = STATUS_OK;
	if (status == STATUS_NOT_FOUND && rule.lower) {
		status = user_find_folded(store, name, &user, err);
		free(name);
		name = user.name;
		user.name = NULL;
	}
	user_clear(&user);
	if (status == STATUS_OK)
		*out = name;
	else
		free(name);
	return status;
}

static enum status owner_by_rule(const struct site_conf *conf, struct store *store,
				 const struct jid *jid, struct jid_owner *out, struct error *err)
{
	char *name = NULL;

	enum status status = name_find(conf, store, jid, &name, err);
	if (status == STATUS_OK)
		status = leads_to(conf, store, name, jid, err);
	if (status == STATUS_OK) {
		out->source = strdup(login_session_provider.name);
		out->user = name;
		name = NULL;
		if (out->source == NULL)
			status = error_no_memory(err);
	}
	free(name);
	return status;
}

static bool has_login(const struct site_conf *conf)
{
	for (size_t i = 0; i < conf->identity.count; i++)
		if (strcmp(conf->identity.items[i], login_session_provider.name) == 0)
			return true;
	return false;
}

enum status jid_rule_owner(const struct site_conf *conf, struct store *store, const struct jid *jid,
			   struct jid_owner *out, struct error *err)
{
	struct jid_owner owner = {0};
	struct jid_map_row row = {0};

	enum status status = jid_map_find_account(store, jid->localpart, jid->domain, &row, err);
	if (status == STATUS_OK) {
		owner = (struct jid_owner){.source = row.source, .user = row.user};
		row.source = row.user = NULL;
	}
	jid_map_clear(&row);
	if (status == STATUS_NOT_FOUND && conf->accounts == ACCOUNTS_ALL && has_login(conf))
		status = owner_by_rule(conf, store, jid, &owner, err);
	if (status == STATUS_OK)
		*out = owner;
	else
		jid_owner_clear(&owner);
	return status;
}
