/*
 * Which JID is that? The map's row first, then what the site knows, then the rule (SEC-JID-1 … 5).
 */
#ifndef IDENTITY_JID_RULE_H
#define IDENTITY_JID_RULE_H

#include "conf/jid_rule_text.h"
#include "identity/identity.h"
#include "xmpp/jid_name.h"

/*
 * The bare JID of a site user of whom nothing but the name is known. STATUS_NO_CHAT_ACCOUNT: no row
 * with accounts = map, a name that the rule cannot turn into a JID, an account that is another's,
 * or of deny_jids; the sentence says which. The caller clears *out.
 */
enum status jid_rule_apply(const struct site_conf *conf, struct store *store, const char *source,
			   const char *user, struct jid *out, struct error *err);

/*
 * As that, for somebody who is logged in: a JID that the provider knows stands between the row and
 * the rule. Its domain must be the rule's. Where two users may be led to one account (that JID, an
 * e-mail address, a folded name), the first one has it: the account is claimed.
 */
enum status jid_rule_identity(const struct site_conf *conf, struct store *store,
			      const struct identity *who, struct jid *out, struct error *err);

/* As that, for somebody who has shown nothing yet: claims are looked at, and none is made. */
enum status jid_rule_look(const struct site_conf *conf, struct store *store,
			  const struct identity *who, struct jid *out, struct error *err);

/*
 * The way back: the site user whose account that is, by a row of the map or as a user of provider
 * login by the rule: one of our table, or whom the site's login_query finds by the localpart.
 * STATUS_NOT_FOUND: nobody's that we know; users of other providers are known by rows only. The
 * caller clears *out.
 */
struct jid_owner {
	char *source; /* owned, as the next */
	char *user;
};
enum status jid_rule_owner(const struct site_conf *conf, struct store *store, const struct jid *jid,
			   struct jid_owner *out, struct error *err);
void jid_owner_clear(struct jid_owner *owner);

/*
 * The owner has shown to be that: is the account still theirs? As jid_rule_identity, it is claimed.
 * STATUS_BAD_CREDENTIALS: it has another owner by now.
 */
enum status jid_owner_confirm(const struct site_conf *conf, struct store *store,
			      const struct jid *jid, const struct jid_owner *owner,
			      struct error *err);

/* The rule's domain, prepared; the caller frees it. */
enum status jid_rule_domain(const struct site_conf *conf, char **out, struct error *err);

/* Is the rule one, with a domain that is one? STATUS_BAD_REQUEST says what is wrong. */
enum status jid_rule_check(const char *rule, struct error *err);

/*
 * That, and what goes with it: deny_jids, and whether each of the site's providers knows what the
 * rule is made of.
 */
enum status jid_rule_check_site(const struct site_conf *conf, struct error *err);

/* Does it make one account of names that differ by the case of their letters only? */
bool jid_rule_lowers(const char *rule);

/* The form that the rule's localparts have. */
enum jid_name_form jid_rule_name_form(const struct jid_rule *rule);

/*
 * What stands in the placeholder's place in that localpart; NULL: the rule makes no such localpart,
 * or there is no memory. The caller frees it.
 */
char *jid_rule_inside(const struct jid_rule *rule, const char *localpart);

/* Bits of identity_extra. */
unsigned jid_rule_needs(const char *rule);

#endif
