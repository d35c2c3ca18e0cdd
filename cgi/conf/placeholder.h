/*
 * The placeholders in the values of keys. prebind replaces the placeholders in bosh_url and
 * resource for each chat session. The placeholder in jid says which name of the site user becomes
 * the localpart, and in which form.
 */
#ifndef CONF_PLACEHOLDER_H
#define CONF_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define PLACEHOLDER_HOSTNAME "{hostname}" /* in bosh_url; replaced by the session's node */
#define PLACEHOLDER_RANDOM   "{random}"   /* in resource; replaced by a new random string */

bool placeholder_is_in(const char *text, const char *placeholder);

/*
 * Appends text, with the placeholder replaced by value. A text without the placeholder is appended
 * unchanged; value can then be NULL.
 */
void placeholder_fill(const char *text, const char *placeholder, const char *value,
		      struct strbuf *out);

enum jid_rule_field { JID_RULE_USER, JID_RULE_EMAIL, JID_RULE_ID };
enum jid_rule_form { JID_RULE_PLAIN, JID_RULE_LOWER, JID_RULE_SAFE };

struct jid_rule {
	enum jid_rule_field field;
	enum jid_rule_form form;
	/*
	 * true if the user's e-mail address is the JID; jid_domains must contain the address's
	 * domain, and the member `domain` is ""
	 */
	bool whole;
	const char *domain; /* not yet prepared; borrowed from text, like `before` and `after` */
	const char *before; /* the text before the placeholder; `after` is the rest up to the @ */
	const char *after;
	size_t before_len;
	size_t after_len;
};

/*
 * Reads the value of the key jid. Returns NULL if the value is valid, otherwise the reason. The
 * reason is the end of a sentence that begins with the value, such as "has no @ …".
 */
const char *jid_rule_read(const char *text, struct jid_rule *out);

#define JID_RULE_FORMS "{user}, {user|lower}, {user|safe}, {email} or {id}" /* for error messages */

#endif
