/*
 * Finds the bare JID of a site user. A row of the map gives the JID directly. Without a row, the
 * rule makes the JID from the user's name or other data. To keep two names from getting the same
 * account, the rule refuses a name that preparation would change, unless the rule itself folds
 * case.
 */
#include "account/jid_rule.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "account/jid_deny.h"
#include "conf/placeholder.h"
#include "identity/token.h"
#include "store/jid_map.h"
#include "xmpp/jid_name.h"

/*
 * For each placeholder of the rule: its name in messages, and what a provider must report for it.
 */
static const struct {
	const char *what;
	unsigned needs; /* bits of identity_extra */
} fields[] = {
    [JID_RULE_USER] = {"name",           0             },
    [JID_RULE_EMAIL] = {"e-mail address", IDENTITY_EMAIL},
    [JID_RULE_ID] = {"id",             IDENTITY_ID   },
};

enum jid_name_form jid_rule_name_form(const struct jid_rule *rule)
{
	static const enum jid_name_form forms[] = {
	    [JID_RULE_PLAIN] = JID_NAME_PLAIN,
	    [JID_RULE_LOWER] = JID_NAME_LOWER,
	    [JID_RULE_SAFE] = JID_NAME_SAFE,
	};

	return forms[rule->form];
}

bool jid_rule_lowers(const char *text)
{
	struct jid_rule rule;

	return jid_rule_read(text, &rule) == NULL && rule.form == JID_RULE_LOWER;
}

/*
 * Parses a rule. Returns `status` if `text` is not a valid rule. (The rule of a loaded
 * configuration is always valid.)
 */
static enum status rule_read(const char *text, enum status status, struct jid_rule *out,
			     struct error *err)
{
	const char *why = jid_rule_read(text, out);

	if (why == NULL)
		return STATUS_OK;
	return error_set(err, status,
			 "'%s' %s; write one of " JID_RULE_FORMS ", followed by @domain", text,
			 why);
}

/*
 * Adds the rule's fixed text before and after a prepared localpart. Fails if preparation would
 * change the result.
 */
static enum status surround(const struct jid_rule *rule, const char *localpart, char **out,
			    struct error *err)
{
	char *whole = NULL, *prepared = NULL;

	if (rule->before_len + rule->after_len == 0) {
		*out = strdup(localpart);
		return *out != NULL ? STATUS_OK : error_no_memory(err);
	}
	if (asprintf(&whole, "%.*s%s%.*s", (int)rule->before_len, rule->before, localpart,
		     (int)rule->after_len, rule->after) < 0)
		return error_no_memory(err);
	enum status status = jid_localpart_prepare(whole, &prepared, err);
	if (status == STATUS_OK && strcmp(prepared, whole) != 0)
		status = error_set(
		    err, STATUS_BAD_REQUEST,
		    "the rule's fixed text is not in prepared form, so the localpart would become "
		    "\"%s\"; write the fixed text in lower case and without combining characters",
		    prepared);
	free(prepared);
	if (status == STATUS_OK)
		*out = whole;
	else
		free(whole);
	return status;
}

char *jid_rule_inside(const struct jid_rule *rule, const char *localpart)
{
	size_t len = strlen(localpart), around = rule->before_len + rule->after_len;

	if (len <= around || memcmp(localpart, rule->before, rule->before_len) != 0 ||
	    memcmp(localpart + len - rule->after_len, rule->after, rule->after_len) != 0)
		return NULL;
	return strndup(localpart + rule->before_len, len - around);
}

enum status jid_rule_check(const char *text, struct error *err)
{
	struct jid_rule rule;
	char *domain = NULL, *some = NULL;
	enum status status = rule_read(text, STATUS_BAD_REQUEST, &rule, err);

	if (status == STATUS_OK && !rule.whole)
		status = jid_domain_prepare(rule.domain, &domain, err);
	if (status == STATUS_OK)
		status = surround(&rule, "x", &some, err);
	free(some);
	free(domain);
	return status;
}

/*
 * True if a session that this provider starts stores only the user's name. Such a session is
 * started by a token that a page posts.
 */
static bool forgets(const struct site_conf *conf, const struct identity_provider *provider)
{
	return provider == &token_provider && conf->token_origins.count > 0;
}

static enum status providers_check(const struct site_conf *conf, struct error *err)
{
	struct jid_rule rule;
	enum status status = rule_read(conf->jid, STATUS_BAD_REQUEST, &rule, err);

	if (status != STATUS_OK)
		return status;
	unsigned needs = fields[rule.field].needs;
	for (size_t i = 0; i < conf->identity.count; i++) {
		const char *name = conf->identity.items[i];
		const struct identity_provider *provider = identity_provider_named(name);

		if (provider == &guest_provider) /* the XMPP server chooses a guest's JID */
			continue;
		if (provider == NULL || (provider->knows & needs) != needs)
			return conf_fault(
			    err, STATUS_BAD_REQUEST, conf_site_place(conf, "jid"),
			    "%s needs a user's %s, which the provider %s does not return; use "
			    "{user} in the rule, or remove %s from `identity`",
			    conf->jid, fields[rule.field].what, name, name);
		if (needs != 0 && forgets(conf, provider))
			return conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(conf, "jid"),
					  "%s needs a user's %s, but prebind keeps only the user's "
					  "name from a posted token (token_origins); use {user} in "
					  "the rule, or send the token in a cookie",
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
		status = jid_domains_check(conf, err);
	if (status == STATUS_OK)
		status = jid_deny_check(conf, domain, err);
	if (status == STATUS_OK)
		status = providers_check(conf, err);
	free(domain);
	return status;
}

static enum status jid_from_name(const struct jid_rule *rule, const char *name, struct jid *out,
				 struct error *err)
{
	char *inside = NULL, *localpart = NULL;
	enum status status = jid_localpart_from_name(name, jid_rule_name_form(rule), &inside, err);

	if (status == STATUS_OK)
		status = surround(rule, inside, &localpart, err);
	if (status == STATUS_OK)
		status = jid_make(localpart, rule->domain, NULL, out, err);
	free(inside);
	free(localpart);
	return status;
}

/* `value` is the part of the user's data that the rule uses, or NULL or "" if it is unknown. */
static enum status jid_from_rule(const struct site_conf *conf, const char *user, const char *value,
				 struct jid *out, struct error *err)
{
	const char *text = conf->jid;
	struct jid_rule rule;
	struct error why = {0};
	enum status status = rule_read(text, STATUS_INTERNAL, &rule, err);

	if (status != STATUS_OK)
		return status;
	if (rule.field != JID_RULE_USER && (value == NULL || value[0] == '\0'))
		status = error_set(&why, STATUS_BAD_REQUEST,
				   "the identity provider did not return the %s",
				   fields[rule.field].what);
	if (status == STATUS_OK)
		status = rule.whole ? jid_from_address(conf, value, out, &why)
				    : jid_from_name(&rule, value, out, &why);
	if (status == STATUS_BAD_REQUEST)
		return error_set(err, STATUS_NO_CHAT_ACCOUNT,
				 "site user '%s' gets no JID from the rule %s: %s; assign a JID "
				 "with `prebindctl map set USER JID`",
				 user, text, why.text);
	return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
}

static const char *rule_value(const char *text, const struct identity *who)
{
	struct jid_rule rule;

	if (jid_rule_read(text, &rule) != NULL || rule.field == JID_RULE_USER)
		return who->user;
	return rule.field == JID_RULE_EMAIL ? who->email : who->id;
}

/* Refuses the JID if a row of the map gives that account to another user. */
static enum status refuse_taken(struct store *store, const char *user, const struct jid *jid,
				struct error *err)
{
	struct jid_map_row row = {0};

	enum status status = jid_map_find_account(store, jid->localpart, jid->domain, &row, err);
	if (status == STATUS_OK)
		status = error_set(
		    err, STATUS_NO_CHAT_ACCOUNT,
		    "the rule gives site user '%s' the account %s@%s, but the JID map assigns this "
		    "account to '%s'; assign a different JID with `prebindctl map set`",
		    user, jid->localpart, jid->domain, row.user);
	jid_map_clear(&row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/*
 * Reads a JID that the site reports. Its domain must be the rule's domain or one of jid_domains, so
 * that the site cannot name users of another domain.
 */
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
		status =
		    error_set(&why, STATUS_BAD_REQUEST, "the JID must have the form name@domain");
	if (status == STATUS_OK && !jid_rule_has_domain(conf, jid.domain))
		status = error_set(&why, STATUS_BAD_REQUEST, "the domain must be %s%s", domain,
				   conf->jid_domains.count > 1 ? " or another domain in jid_domains"
							       : "");
	free(domain);
	if (status == STATUS_OK) {
		*out = jid;
		return status;
	}
	jid_clear(&jid);
	return error_set(err, status == STATUS_BAD_REQUEST ? STATUS_NO_CHAT_ACCOUNT : status,
			 "the site's JID '%s' is not accepted: %s", text, why.text);
}

/* How to make a user's JID, and whether to write a claim for it. */
struct making {
	bool from_site; /* true if the site reported the JID, false if the rule made it */
	struct jid_rule rule;
	bool writes; /* true to claim the account if nobody has claimed it */
};

/*
 * Decides whether a claim records the user's id at the site or the user's name. If the rule uses
 * the name, the claim records the name. Otherwise it records the id, if known, because another user
 * might get the same name later.
 *
 * A web server (provider remote_user) passes on the name as the user typed it. So if the rule folds
 * case, owner_name uses the folded name, because all spellings of the name belong to the same
 * person.
 */
static bool owner_is_id(const struct making *making, const struct identity *who)
{
	bool by_name = !making->from_site && making->rule.field == JID_RULE_USER;

	return !by_name && who->id != NULL && who->id[0] != '\0';
}

static const char *owner_name(const struct making *making, const struct identity *who,
			      const struct jid *jid)
{
	bool typed = strcmp(who->source, remote_user_provider.name) == 0;

	return typed && !making->from_site && making->rule.form == JID_RULE_LOWER ? jid->localpart
										  : who->user;
}

/*
 * True if two users could get the same account, so that a claim is needed. Two users can have the
 * same e-mail address or the same folded name, or the site can report the same JID for both. With
 * the rules {user}@ and {id}@, two users can get the same JID only if the site reports it.
 */
static bool claim_is_due(const struct making *making, const struct identity *who)
{
	return making->writes && (making->from_site || making->rule.field == JID_RULE_EMAIL ||
				  making->rule.form == JID_RULE_LOWER || who->claims);
}

static enum status claim_refused(const struct identity *who, const struct jid *jid,
				 const char *owner, struct error *err)
{
	return error_set(err, STATUS_NO_CHAT_ACCOUNT,
			 "site user '%s' would get the account %s@%s, which already belongs to %s; "
			 "to transfer the account, run `prebindctl map set`",
			 who->user, jid->localpart, jid->domain, owner);
}

/*
 * Checks that no other user has claimed the account, and claims it for the user if claim_is_due.
 * Returns STATUS_NO_CHAT_ACCOUNT if another user has claimed the account.
 */
static enum status claim(struct store *store, const struct identity *who,
			 const struct making *making, const struct jid *jid, struct error *err)
{
	struct error other = {0};
	struct strbuf id, name;
	enum status status = STATUS_OK;

	strbuf_init(&id);
	strbuf_init(&name);
	strbuf_adds(&id, "id:");
	strbuf_adds(&id, who->id != NULL ? who->id : "");
	strbuf_adds(&name, "user:");
	strbuf_adds(&name, owner_name(making, who, jid));
	bool by_id = owner_is_id(making, who);
	struct jid_claim what = {.localpart = jid->localpart,
				 .domain = jid->domain,
				 .owner = by_id ? id.data : name.data,
				 .before = by_id ? name.data : NULL};
	if (!strbuf_ok(&id) || !strbuf_ok(&name))
		status = error_no_memory(&other);
	else if (claim_is_due(making, who))
		status = jid_claim_take(store, &what, &other);
	else
		status = jid_claim_look(store, &what, &other);
	strbuf_clear(&id);
	strbuf_clear(&name);
	if (status == STATUS_CONFLICT)
		return claim_refused(who, jid, other.text, err);
	return status == STATUS_OK ? status : error_set(err, status, "%s", other.text);
}

/* A request for the JID of a user. All members are borrowed. */
struct jid_question {
	const struct site_conf *conf;
	struct store *store;
	const struct identity *who;
	bool writes; /* true to claim the account for this user if no other user has it */
};

/*
 * Finds the JID of a user who has no row in the map. Uses the JID that the site reports. If the
 * site reports no JID, applies the rule.
 */
static enum status jid_without_row(const struct jid_question *ask, struct jid *out,
				   struct error *err)
{
	const struct site_conf *conf = ask->conf;
	const struct identity *who = ask->who;
	struct making making = {
	    .from_site = who->jid != NULL && who->jid[0] != '\0',
	    .writes = ask->writes,
	};

	enum status status = rule_read(conf->jid, STATUS_INTERNAL, &making.rule, err);
	if (status == STATUS_OK)
		status = making.from_site
			     ? jid_from_site(conf, who->jid, out, err)
			     : jid_from_rule(conf, who->user, rule_value(conf->jid, who), out, err);
	if (status != STATUS_OK)
		return status;
	status = refuse_taken(ask->store, who->user, out, err);
	if (status == STATUS_OK)
		status = jid_deny(conf, out, err);
	if (status == STATUS_OK)
		status = claim(ask->store, who, &making, out, err);
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

static enum status jid_of(const struct jid_question *ask, struct jid *out, struct error *err)
{
	const struct identity *who = ask->who;
	struct jid_map_row row = {0};
	struct error why = {0};

	enum status status = jid_map_find(ask->store, who->source, who->user, &row, &why);
	if (status == STATUS_NOT_FOUND && ask->conf->accounts == ACCOUNTS_ALL)
		return jid_without_row(ask, out, err);
	if (status == STATUS_NOT_FOUND)
		return error_set(err, STATUS_NO_CHAT_ACCOUNT,
				 "site user '%s' has no row in the JID map, which accounts = map "
				 "requires; add a row with `prebindctl map set USER JID`",
				 who->user);
	if (status == STATUS_OK)
		status = jid_by_row(ask->conf, &row, out, &why);
	jid_map_clear(&row);
	return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
}

enum status jid_rule_identity(const struct site_conf *conf, struct store *store,
			      const struct identity *who, struct jid *out, struct error *err)
{
	const struct jid_question ask = {.conf = conf, .store = store, .who = who, .writes = true};

	return jid_of(&ask, out, err);
}

enum status jid_rule_look(const struct site_conf *conf, struct store *store,
			  const struct identity *who, struct jid *out, struct error *err)
{
	const struct jid_question ask = {.conf = conf, .store = store, .who = who};

	return jid_of(&ask, out, err);
}

enum status jid_rule_apply(const struct site_conf *conf, struct store *store, const char *source,
			   const char *user, struct jid *out, struct error *err)
{
	const struct identity who = {.source = source, .user = (char *)user};

	return jid_rule_look(conf, store, &who, out, err);
}
