/*
 * The placeholders in the values of keys. The program replaces those in bosh_url and resource for
 * each session. The text of the key jid says which name of a site user becomes the localpart, and
 * in which form.
 */
#ifndef CONF_PLACEHOLDER_H
#define CONF_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define PLACEHOLDER_HOSTNAME "{hostname}" /* in bosh_url; the node that holds the session */
#define PLACEHOLDER_RANDOM   "{random}"   /* in resource; differs each time */

bool placeholder_is_in(const char *text, const char *placeholder);

/*
 * Appends text, with value in place of the placeholder. If text has no placeholder, it is appended
 * unchanged; value can then be NULL.
 */
void placeholder_fill(const char *text, const char *placeholder, const char *value,
		      struct strbuf *out);

enum jid_rule_field { JID_RULE_USER, JID_RULE_EMAIL, JID_RULE_ID };
enum jid_rule_form { JID_RULE_PLAIN, JID_RULE_LOWER, JID_RULE_SAFE };

struct jid_rule {
	enum jid_rule_field field;
	enum jid_rule_form form;
	bool whole;         /* the JID is the e-mail address, in one of jid_domains; domain is "" */
	const char *domain; /* borrowed from the text, like before and after; not prepared yet */
	const char *before; /* the text before the placeholder; after is the text after it */
	const char *after;
	size_t before_len;
	size_t after_len;
};

/*
 * Returns NULL if the text is valid, otherwise the reason. The reason is the end of a sentence that
 * begins with the text, such as "has no @ …".
 */
const char *jid_rule_read(const char *text, struct jid_rule *out);

#define JID_RULE_FORMS "{user}, {user|lower}, {user|safe}, {email} or {id}" /* for sentences */

#endif
