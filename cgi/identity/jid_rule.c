/*
 * From a site user to a bare JID. A row of the map says so outright; the rule is for sites where
 * every user has the account of the same name. The rule is injective: a name that preparation would
 * change is refused, unless the rule folds case itself.
 */
#include "identity/jid_rule.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "identity/jid_deny.h"
#include "identity/jid_rule_text.h"
#include "identity/token.h"
#include "store/jid_claim.h"
#include "store/jid_map.h"

/* A placeholder stands where a localpart does; one rule has one of them. */
static const struct {
	const char *text;
	enum jid_rule_field field;
	bool lower;
} forms[] = {
    {"{user}@",       JID_RULE_USER,  false},
    {"{user|lower}@", JID_RULE_USER,  true },
    {"{email}@",      JID_RULE_EMAIL, false},
    {"{id}@",         JID_RULE_ID,    false},
};

#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

/* What stands in a sentence, and what a provider must know for it. */
static const struct {
	const char *what;
	unsigned needs; /* bits of identity_extra */
} fields[] = {
    [JID_RULE_USER] = {"name",           0             },
    [JID_RULE_EMAIL] = {"e-mail address", IDENTITY_EMAIL},
    [JID_RULE_ID] = {"id",             IDENTITY_ID   },
};

bool jid_rule_read(const char *text, struct jid_rule *out)
{
	for (size_t i = 0; i < N_FORMS; i++) {
		size_t len = strlen(forms[i].text);

		if (strncmp(text, forms[i].text, len) != 0)
			continue;
		*out = (struct jid_rule){
		    .field = forms[i].field, .lower = forms[i].lower, .domain = text + len};
		return text[len] != '\0';
	}
	return false;
}

unsigned jid_rule_needs(const char *text)
{
	struct jid_rule rule;

	return jid_rule_read(text, &rule) ? fields[rule.field].needs : 0;
}

static enum status no_rule(const char *text, enum status status, struct error *err)
{
	return error_set(err, status,
			 "'%s' is no rule; write {user}@domain, {user|lower}@domain, "
			 "{email}@domain or {id}@domain",
			 text);
}

enum status jid_rule_check(const char *text, struct error *err)
{
	struct jid_rule rule;
	char *domain = NULL;

	if (!jid_rule_read(text, &rule))
		return no_rule(text, STATUS_BAD_REQUEST, err);
	enum status status = jid_domain_prepare(rule.domain, &domain, err);
	free(domain);
	return status;
}

enum status jid_rule_domain(const struct site_conf *conf, char **out, struct error *err)
{
	struct jid_rule rule;

	if (!jid_rule_read(conf->jid, &rule))
		return no_rule(conf->jid, STATUS_INTERNAL, err);
	return jid_domain_prepare(rule.domain, out, err);
}

/* A session of our own begins with a posted token, and keeps nothing of it but the name. */
static bool forgets(const struct site_conf *conf, const struct identity_provider *provider)
{
	return provider == &token_provider && conf->token_origins.count > 0;
}

static enum status providers_check(const struct site_conf *conf, struct error *err)
{
	struct jid_rule rule;

	if (!jid_rule_read(conf->jid, &rule))
		return no_rule(conf->jid, STATUS_BAD_REQUEST, err);
	unsigned needs = fields[rule.field].needs;
	for (size_t i = 0; i < conf->identity.count; i++) {
		const char *name = conf->identity.items[i];
		const struct identity_provider *provider = identity_provider_named(name);

		if (provider == NULL || (provider->knows & needs) != needs)
			return conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(conf, "jid"),
					  "%s needs a user's %s, which provider %s does not "
					  "know: make the rule of {user}, or take %s out of "
					  "`identity`",
					  conf->jid, fields[rule.field].what, name, name);
		if (needs != 0 && forgets(conf, provider))
			return conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(conf, "jid"),
					  "%s needs a user's %s, and of a token that is posted "
					  "(token_origins) only the name is kept: make the rule of "
					  "{user}, or pass the token in a cookie",
					  conf->jid, fields[rule.field].what);
	}
	return STATUS_OK;
}

enum status jid_rule_check_site(const struct site_conf *conf, struct error *err)
{
	char *domain = NULL;

	enum status status = jid_rule_check(conf->jid, err);
	if (status == STATUS_OK)
		status = jid_rule_domain(conf, &domain, err);
	status = conf_blame(status, err, conf_site_place(conf, "jid"));
	if (status == STATUS_OK)
		status = jid_deny_check(conf, domain, err);
	if (status == STATUS_OK)
		status = providers_check(conf, err);
	free(domain);
	return status;
}

/* value: what of the user the rule takes; NULL or "": it is not known. */
static enum status jid_from_rule(const char *text, const char *user, const char *value,
				 struct jid *out, struct error *err)
{
	struct jid_rule rule;
	struct error why = {0};
	char *localpart = NULL;
	enum status status = STATUS_OK;

	if (!jid_rule_read(text, &rule))
		return no_rule(text, STATUS_INTERNAL, err);
	if (rule.field != JID_RULE_USER && (value == NULL || value[0] == '\0'))
		status = error_set(&why, STATUS_BAD_REQUEST, "the login brings no %s along",
				   fields[rule.field].what);
	if (status == STATUS_OK)
		status = jid_localpart_from_name(value, rule.lower, &localpart, &why);
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

static const char *rule_value(const char *text, const struct identity *who)
{
	struct jid_rule rule;

	if (!jid_rule_read(text, &rule) || rule.field == JID_RULE_USER)
		return who->user;
	return rule.field == JID_RULE_EMAIL ? who->email : who->id;
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

/*
 * An e-mail address, or a JID that the site keeps, may stand beside two of its users: who came
 * first has the account. The site's id tells users apart where it is known, for a name may change
 * hands.
 */
static enum status claim(struct store *store, const struct identity *who, const struct jid *jid,
			 struct error *err)
{
	bool has_id = who->id != NULL && who->id[0] != '\0';
	struct error other = {0};
	struct strbuf owner;

	strbuf_init(&owner);
	strbuf_addf(&owner, "%s:%s", has_id ? "id" : "user", has_id ? who->id : who->user);
	struct jid_claim claim = {
	    .localpart = jid->localpart, .domain = jid->domain, .owner = owner.data};
	enum status status =
	    strbuf_ok(&owner) ? jid_claim_take(store, &claim, &other) : error_no_memory(&other);
	strbuf_clear(&owner);
	if (status == STATUS_CONFLICT)
		return error_set(err, STATUS_NO_CHAT_ACCOUNT,
				 "site user '%s' is led to %s@%s, which %s has already: two users "
				 "are not let into one account; if it is this one's now, say so "
				 "with `prebindctl map set`",
				 who->user, jid->localpart, jid->domain, other.text);
	return status == STATUS_OK ? status : error_set(err, status, "%s", other.text);
}

/* Without a row: what the site knows, else the rule. */
static enum status jid_without_row(const struct site_conf *conf, struct store *store,
				   const struct identity *who, struct jid *out, struct error *err)
{
	bool from_site = who->jid != NULL && who->jid[0] != '\0';
	bool unique = !from_site && (jid_rule_needs(conf->jid) & IDENTITY_EMAIL) == 0;

	enum status status =
	    from_site ? jid_from_site(conf, who->jid, out, err)
		      : jid_from_rule(conf->jid, who->user, rule_value(conf->jid, who), out, err);
	if (status != STATUS_OK)
		return status;
	status = refuse_taken(store, who->user, out, err);
	if (status == STATUS_OK)
		status = jid_deny(conf, out, err);
	if (status == STATUS_OK && !unique)
		status = claim(store, who, out, err);
	if (status != STATUS_OK)
		jid_clear(out);
	return status;
}

static enum status jid_by_row(const struct site_conf *conf, const struct jid_map_row *row,
			      struct jid *out, struct error *err)
{
	enum status status = jid_make(row->localpart, row->domain, NULL, out, err);

	if (status == STATUS_OK && (status = jid_deny(conf, out, err)) != STATUS_OK)
		jid_clear(out);
	return status;
}

enum status jid_rule_identity(const struct site_conf *conf, struct store *store,
			      const struct identity *who, struct jid *out, struct error *err)
{
	struct jid_map_row row = {0};
	struct error why = {0};

	enum status status = jid_map_find(store, who->source, who->user, &row, &why);
	if (status == STATUS_NOT_FOUND && conf->accounts == ACCOUNTS_ALL)
		return jid_without_row(conf, store, who, out, err);
	if (status == STATUS_NOT_FOUND)
		return error_set(
		    err, STATUS_NO_CHAT_ACCOUNT,
		    "site user '%s' has no row in the JID map, and accounts = map: add one with "
		    "`prebindctl map set USER JID`",
		    who->user);
	if (status == STATUS_OK)
		status = jid_by_row(conf, &row, out, &why);
	jid_map_clear(&row);
	return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
}

enum status jid_rule_apply(const struct site_conf *conf, struct store *store, const char *source,
			   const char *user, struct jid *out, struct error *err)
{
	const struct identity who = {.source = source, .user = (char *)user};

	return jid_rule_identity(conf, store, &who, out, err);
}
