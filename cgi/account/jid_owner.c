/*
 * Finds the site user who owns an account. It guesses a user from the localpart, and then checks
 * that this user has the account's JID.
 */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/name.h"
#include "base/strbuf.h"
#include "account/jid_rule.h"
#include "identity/login_account.h"
#include "identity/login_session.h"
#include "store/jid_map.h"
#include "store/user.h"

void jid_owner_clear(struct jid_owner *owner)
{
	free(owner->source);
	free(owner->user);
	*owner = (struct jid_owner){0};
}

/* Refuses the user if the site's own table gives this user a JID other than `jid`. */
static enum status sites_jid_check(const char *text, const struct jid *jid, struct error *err)
{
	struct jid there = {0};

	if (text == NULL || text[0] == '\0')
		return STATUS_OK;
	enum status status = jid_parse(text, &there, err);
	if (status == STATUS_BAD_REQUEST || (status == STATUS_OK && !jid_same_bare(&there, jid)))
		status = error_set(err, STATUS_NOT_FOUND,
				   "the site assigns the JID %s to this user", text);
	jid_clear(&there);
	return status;
}

/*
 * Checks whether a guessed user owns the account `jid`. Returns STATUS_NOT_FOUND if the user's JID
 * is a different one.
 */
static enum status leads_to(const struct site_conf *conf, struct store *store,
			    const struct login_account *account, const struct jid *jid,
			    struct error *err)
{
	const struct identity who = {
	    .source = login_session_provider.name, .user = account->name, .jid = account->jid};
	struct jid there = {0};

	enum status status = sites_jid_check(account->jid, jid, err);
	if (status == STATUS_OK)
		status = jid_rule_look(conf, store, &who, &there, err);
	if (status == STATUS_OK && !jid_same_bare(&there, jid))
		status = error_set(err, STATUS_NOT_FOUND, "site user '%s' has a different JID",
				   account->name);
	jid_clear(&there);
	return status == STATUS_NO_CHAT_ACCOUNT ? STATUS_NOT_FOUND : status;
}

/* Finds one of our own users, ignoring case. */
static enum status folded_find(struct store *store, const char *name, struct login_account *out,
			       struct error *err)
{
	struct user user = {0};

	enum status status = user_find_folded(store, name, &user, err);
	if (status == STATUS_OK) {
		*out = (struct login_account){.name = user.name};
		user.name = NULL;
	}
	user_clear(&user);
	return status;
}

/* Which letters become capitals: the first of the name, the first of each word, or all. */
enum capitals { CAPITALS_FIRST, CAPITALS_WORDS, CAPITALS_ALL, CAPITALS_N };

/* Appends the name with capitals to out. A letter without a capital form is copied unchanged. */
static void capitalise(struct strbuf *out, const char *name, enum capitals which)
{
	size_t len = strlen(name);
	uint32_t c, before = 0;

	for (size_t at = 0; at < len; before = c) {
		size_t step = utf8_decode(name + at, len - at, &c);
		bool capital = which == CAPITALS_ALL || at == 0 ||
			       (which == CAPITALS_WORDS && (before == ' ' || before == '-'));

		if (step == 0)
			break;
		name_add_character(out, capital ? name_upper_of(c) : c);
		at += step;
	}
}

/*
 * Tries other spellings of the name. A login_query without fold() finds a user only by the spelling
 * that the site uses. So this function tries the usual ways to write a name with capitals. leads_to
 * then checks whether the found user is the owner.
 */
static enum status spelled_otherwise_find(const struct identity_context *context, const char *name,
					  struct login_account *out, struct error *err)
{
	enum status status = STATUS_NOT_FOUND;
	struct strbuf tried[CAPITALS_N];

	for (enum capitals i = 0; i < CAPITALS_N; i++) {
		strbuf_init(&tried[i]);
		capitalise(&tried[i], name, i);
		bool again = strcmp(tried[i].data, name) == 0;
		for (enum capitals j = 0; j < i; j++)
			again = again || strcmp(tried[i].data, tried[j].data) == 0;
		if (status == STATUS_NOT_FOUND && !again)
			status = strbuf_ok(&tried[i])
				     ? login_account_find(context, tried[i].data, out, err)
				     : error_no_memory(err);
	}
	for (enum capitals i = 0; i < CAPITALS_N; i++)
		strbuf_clear(&tried[i]);
	if (status == STATUS_NOT_FOUND)
		error_set(err, status,
			  "the query in %s does not find the user '%s' in upper or lower case; "
			  "make the query compare fold(name) with fold(:user)",
			  context->conf->login_query, name);
	return status;
}

/* Finds the user of provider `login` whose name the rule turns into that localpart. */
static enum status owner_find(const struct site_conf *conf, struct store *store,
			      const struct jid *jid, struct login_account *out, struct error *err)
{
	const struct identity_context context = {.conf = conf, .store = store};
	struct jid_rule rule;
	char *name = NULL;

	if (jid_rule_read(conf->jid, &rule) != NULL || rule.field != JID_RULE_USER)
		return error_set(err, STATUS_NOT_FOUND,
				 "the rule %s makes JIDs that do not contain the user's name",
				 conf->jid);
	char *inside = jid_rule_inside(&rule, jid->localpart);
	if (inside == NULL)
		return error_set(err, STATUS_NOT_FOUND, "the rule %s never makes the localpart %s",
				 conf->jid, jid->localpart);
	enum status status = jid_name_from_localpart(inside, jid_rule_name_form(&rule), &name, err);
	if (status == STATUS_OK)
		status = login_account_find(&context, name, out, err);
	if (status == STATUS_NOT_FOUND && name != NULL && rule.form == JID_RULE_LOWER)
		status = login_users_are_the_sites(conf)
			     ? spelled_otherwise_find(&context, name, out, err)
			     : folded_find(store, name, out, err);
	free(inside);
	free(name);
	return status;
}

static enum status owner_by_rule(const struct site_conf *conf, struct store *store,
				 const struct jid *jid, struct jid_owner *out, struct error *err)
{
	struct login_account account = {0};

	enum status status = owner_find(conf, store, jid, &account, err);
	if (status == STATUS_OK)
		status = leads_to(conf, store, &account, jid, err);
	if (status == STATUS_OK) {
		out->source = strdup(login_session_provider.name);
		out->user = account.name;
		account.name = NULL;
		if (out->source == NULL)
			status = error_no_memory(err);
	}
	login_account_clear(&account);
	return status;
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
	if (status == STATUS_NOT_FOUND && conf->accounts == ACCOUNTS_ALL &&
	    conf_site_has_provider(conf, PROVIDER_LOGIN))
		status = owner_by_rule(conf, store, jid, &owner, err);
	else if (status == STATUS_NOT_FOUND)
		error_set(err, status, "no row of the JID map has the account %s@%s",
			  jid->localpart, jid->domain);
	if (status == STATUS_OK)
		*out = owner;
	else
		jid_owner_clear(&owner);
	return status;
}

static enum status claim_for(const struct site_conf *conf, struct store *store,
			     const struct jid *jid, const struct jid_owner *owner,
			     struct error *err)
{
	const struct identity_context context = {.conf = conf, .store = store};
	struct identity who = {.source = login_session_provider.name, .user = owner->user};
	struct login_account account = {0};
	struct jid there = {0};

	enum status status = login_account_find(&context, owner->user, &account, err);
	if (status == STATUS_OK) {
		who.jid = account.jid;
		who.claims = identity_names_jids(&context);
		status = jid_rule_identity(conf, store, &who, &there, err);
	}
	if (status == STATUS_OK && !jid_same_bare(&there, jid))
		status = error_set(err, STATUS_NOT_FOUND, "site user '%s' now has a different JID",
				   owner->user);
	jid_clear(&there);
	login_account_clear(&account);
	return status;
}

enum status jid_owner_confirm(const struct site_conf *conf, struct store *store,
			      const struct jid *jid, const struct jid_owner *owner,
			      struct error *err)
{
	struct jid_owner now = {0};

	enum status status = jid_rule_owner(conf, store, jid, &now, err);
	if (status == STATUS_OK &&
	    (strcmp(now.source, owner->source) != 0 || strcmp(now.user, owner->user) != 0))
		status =
		    error_set(err, STATUS_NOT_FOUND, "the account now belongs to a different user");
	if (status == STATUS_OK)
		status = claim_for(conf, store, jid, owner, err);
	jid_owner_clear(&now);
	if (status == STATUS_NOT_FOUND || status == STATUS_NO_CHAT_ACCOUNT ||
	    status == STATUS_CONFLICT) {
		if (err != NULL)
			err->status = STATUS_BAD_CREDENTIALS;
		return STATUS_BAD_CREDENTIALS;
	}
	return status;
}
