/*
 * Finds the JID of a site user. The user's row of the map takes precedence, then the JID that the
 * site reports, then the rule. A user never chooses the domain.
 */
#ifndef ACCOUNT_JID_RULE_H
#define ACCOUNT_JID_RULE_H

#include "account/jid_domain.h"
#include "conf/placeholder.h"
#include "identity/identity.h"
#include "xmpp/jid_name.h"

/*
 * Finds the bare JID of a site user if only the user's name is known. Returns
 * STATUS_NO_CHAT_ACCOUNT, and the reason in err, if the user gets no account. The reason can be
 * that the user has no row and accounts = map, or that the rule cannot turn the name into a JID. It
 * can also be that the account belongs to another user or is in deny_jids. The caller clears *out.
 */
enum status jid_rule_apply(const struct site_conf *conf, struct store *store, const char *source,
			   const char *user, struct jid *out, struct error *err);

/*
 * Like jid_rule_apply, for a user who is logged in. A JID that the provider reports is used if the
 * user has no row, and takes precedence over the rule. Its domain must be the rule's, or one of
 * jid_domains. Two users could get the same account from a reported JID, an e-mail address or a
 * folded name. Therefore the account is claimed for the first of the two users.
 */
enum status jid_rule_identity(const struct site_conf *conf, struct store *store,
			      const struct identity *who, struct jid *out, struct error *err);

/* Like jid_rule_identity, for a user who has not logged in yet. It reads claims, but makes none. */
enum status jid_rule_look(const struct site_conf *conf, struct store *store,
			  const struct identity *who, struct jid *out, struct error *err);

/*
 * Finds the site user who owns an account. A row of the map is used first. Without a row, the rule
 * is applied to the users of provider login. These are the users in our table, or the users that
 * the site's login_query finds by the localpart. Users of other providers are known only by rows of
 * the map. Returns STATUS_NOT_FOUND if no known user owns the account. The caller clears *out.
 */
struct jid_owner {
	char *source; /* owned, like user */
	char *user;
};
enum status jid_rule_owner(const struct site_conf *conf, struct store *store, const struct jid *jid,
			   struct jid_owner *out, struct error *err);
void jid_owner_clear(struct jid_owner *owner);

/*
 * Call this after the password or token of the owner was accepted. It checks that the user still
 * owns the account, and claims the account like jid_rule_identity. Returns STATUS_BAD_CREDENTIALS
 * if the account has another owner now.
 */
enum status jid_owner_confirm(const struct site_conf *conf, struct store *store,
			      const struct jid *jid, const struct jid_owner *owner,
			      struct error *err);

/*
 * Checks the rule and its domain. Returns STATUS_BAD_REQUEST if the rule is wrong; err says what is
 * wrong.
 */
enum status jid_rule_check(const char *rule, struct error *err);

/*
 * Makes the checks of jid_rule_check, and checks deny_jids. Also checks that each provider of the
 * site reports the values that the rule uses.
 */
enum status jid_rule_check_site(const struct site_conf *conf, struct error *err);

/* True if the rule gives the same account to names that differ only in case. */
bool jid_rule_lowers(const char *rule);

/* Returns the form of the localparts that the rule makes. */
enum jid_name_form jid_rule_name_form(const struct jid_rule *rule);

/*
 * Returns the part of the localpart that replaces the rule's placeholder. The caller frees it.
 * Returns NULL if the rule cannot make such a localpart, or if out of memory.
 */
char *jid_rule_inside(const struct jid_rule *rule, const char *localpart);

#endif
