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

#define PLACEHOLDER_HOSTNAME "{hostname}" /* in bosh_url; becomes the node that has the session */
#define PLACEHOLDER_RANDOM   "{random}"   /* in resource; becomes a new random string each time */

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
	 * true if the JID is the e-mail address, whose domain must be in jid_domains; domain is
	 * then ""
	 */
	bool whole;
	const char *domain; /* borrowed from the text, like `before`, `after`; not yet prepared */
	const char *before; /* the text before the placeholder; `after` is the rest up to the @ */
	const char *after;
	size_t before_len;
	size_t after_len;
};

/*
 * Reads the value of the key jid. Returns NULL if it is valid, otherwise the reason as the end of a
 * sentence that begins with the value, such as "has no @ …".
 */
const char *jid_rule_read(const char *text, struct jid_rule *out);

#define JID_RULE_FORMS "{user}, {user|lower}, {user|safe}, {email} or {id}" /* for sentences */

#endif
