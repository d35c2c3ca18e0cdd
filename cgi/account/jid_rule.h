/*
 * Finds the JID of a site user. A row of the map comes first, then the JID that the site knows,
 * then the rule. A user never chooses the domain.
 */
#ifndef ACCOUNT_JID_RULE_H
#define ACCOUNT_JID_RULE_H

#include "account/jid_domain.h"
#include "conf/placeholder.h"
#include "identity/identity.h"
#include "xmpp/jid_name.h"

/*
 * Finds the bare JID of a site user of whom only the name is known. STATUS_NO_CHAT_ACCOUNT: there
 * is no row and accounts = map, or the rule cannot turn the name into a JID, or the account belongs
 * to another user or is in deny_jids. err says which. The caller clears *out.
 */
enum status jid_rule_apply(const struct site_conf *conf, struct store *store, const char *source,
			   const char *user, struct jid *out, struct error *err);

/*
 * As jid_rule_apply, for a user who is logged in. A JID that the provider knows comes after the row
 * and before the rule; its domain must be the rule's. If two users could lead to one account (by
 * that JID, an e-mail address or a folded name), the first one gets it: the account is claimed.
 */
enum status jid_rule_identity(const struct site_conf *conf, struct store *store,
			      const struct identity *who, struct jid *out, struct error *err);

/* As jid_rule_identity, for a user who has not logged in yet. It reads claims, but makes none. */
enum status jid_rule_look(const struct site_conf *conf, struct store *store,
			  const struct identity *who, struct jid *out, struct error *err);

/*
 * Finds the site user who owns an account: by a row of the map, or by the rule among the users of
 * provider login. Those are users of our table, or users whom the site's login_query finds by the
 * localpart. STATUS_NOT_FOUND: no known user owns the account. Users of other providers are known
 * only by rows of the map. The caller clears *out.
 */
struct jid_owner {
	char *source; /* owned, as the next */
	char *user;
};
enum status jid_rule_owner(const struct site_conf *conf, struct store *store, const struct jid *jid,
			   struct jid_owner *out, struct error *err);
void jid_owner_clear(struct jid_owner *owner);

/*
 * Call it after the owner's password or token was found right. It checks that the user still owns
 * the account, and claims it as jid_rule_identity does. STATUS_BAD_CREDENTIALS: the account has
 * another owner now.
 */
enum status jid_owner_confirm(const struct site_conf *conf, struct store *store,
			      const struct jid *jid, const struct jid_owner *owner,
			      struct error *err);

/* Checks the rule and its domain. STATUS_BAD_REQUEST: err says what is wrong. */
enum status jid_rule_check(const char *rule, struct error *err);

/*
 * Checks what jid_rule_check checks, and deny_jids. Also checks that each provider of the site
 * reports the values that the rule uses.
 */
enum status jid_rule_check_site(const struct site_conf *conf, struct error *err);

/* True if the rule gives names that differ only in case the same account. */
bool jid_rule_lowers(const char *rule);

/* Returns the form that the rule's localparts have. */
enum jid_name_form jid_rule_name_form(const struct jid_rule *rule);

/*
 * Returns the text that the placeholder stands for in that localpart. NULL: the rule makes no such
 * localpart, or out of memory. The caller frees it.
 */
char *jid_rule_inside(const struct jid_rule *rule, const char *localpart);

#endif
