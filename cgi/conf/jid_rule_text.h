/*
 * The text of the key jid: which name of a site user becomes the localpart, and in which form. The
 * configuration's check and the program both read it here.
 */
#ifndef CONF_JID_RULE_TEXT_H
#define CONF_JID_RULE_TEXT_H

#include <stddef.h>

enum jid_rule_field { JID_RULE_USER, JID_RULE_EMAIL, JID_RULE_ID };
enum jid_rule_form { JID_RULE_PLAIN, JID_RULE_LOWER, JID_RULE_SAFE };

struct jid_rule {
	enum jid_rule_field field;
	enum jid_rule_form form;
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
