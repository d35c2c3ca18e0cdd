/*
 * The text of the key jid: what of a site user becomes the localpart, and in which form. The one
 * place that reads it: the configuration's check and the program ask here.
 */
#ifndef CONF_JID_RULE_TEXT_H
#define CONF_JID_RULE_TEXT_H

#include <stddef.h>

enum jid_rule_field { JID_RULE_USER, JID_RULE_EMAIL, JID_RULE_ID };
enum jid_rule_form { JID_RULE_PLAIN, JID_RULE_LOWER, JID_RULE_SAFE };

struct jid_rule {
	enum jid_rule_field field;
	enum jid_rule_form form;
	const char *domain; /* borrowed from the text, as the next two; not prepared yet */
	const char *before; /* what stands before and after the placeholder: so many bytes */
	const char *after;
	size_t before_len;
	size_t after_len;
};

/* NULL, or what is wrong, to be read behind the quoted text: "has no @ with a domain behind it". */
const char *jid_rule_read(const char *text, struct jid_rule *out);

#define JID_RULE_FORMS "{user}, {user|lower}, {user|safe}, {email} or {id}" /* for sentences */

#endif
