/*
 * The text of the key jid: what of a site user becomes the localpart. Internal to identity/.
 */
#ifndef IDENTITY_JID_RULE_TEXT_H
#define IDENTITY_JID_RULE_TEXT_H

#include <stdbool.h>

enum jid_rule_field { JID_RULE_USER, JID_RULE_EMAIL, JID_RULE_ID };

struct jid_rule {
	enum jid_rule_field field;
	bool lower;
	const char *domain; /* borrowed from the text */
};

/* False: it is no rule. */
bool jid_rule_read(const char *text, struct jid_rule *out);

#endif
