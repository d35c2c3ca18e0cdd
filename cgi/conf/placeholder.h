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

#define PLACEHOLDER_HOSTNAME "{hostname}" /* in bosh_url: the node that holds the session */
#define PLACEHOLDER_RANDOM   "{random}"   /* in resource: differs each time */

bool placeholder_is_in(const char *text, const char *placeholder);

/*
 * Appends text with value in place of the placeholder. A text without it is appended as it is;
 * value may then be NULL.
 */
void placeholder_fill(const char *text, const char *placeholder, const char *value,
		      struct strbuf *out);

enum jid_rule_field { JID_RULE_USER, JID_RULE_EMAIL, JID_RULE_ID };
enum jid_rule_form { JID_RULE_PLAIN, JID_RULE_LOWER, JID_RULE_SAFE };

struct jid_rule {
	enum jid_rule_field field;
	enum jid_rule_form form;
	bool whole;         /* the e-mail address is the JID, in one of jid_domains; domain is "" */
	const char *domain; /* borrowed from the text, like the next two; not prepared yet */
	const char *before; /* before and after the placeholder; before_len and after_len bytes */
	const char *after;
	size_t before_len;
	size_t after_len;
};

/*
 * Returns NULL, or what is wrong, as the end of a sentence that begins with the text: "has no @ …".
 */
const char *jid_rule_read(const char *text, struct jid_rule *out);

#define JID_RULE_FORMS "{user}, {user|lower}, {user|safe}, {email} or {id}" /* for sentences */

#endif
