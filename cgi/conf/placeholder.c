/*
 * Reads and replaces the placeholders in the values of jid, bosh_url and resource. The check of the
 * configuration and the rest of the program both use these functions.
 */
#include "conf/placeholder.h"

#include <stddef.h>
#include <string.h>

bool placeholder_is_in(const char *text, const char *placeholder)
{
	return strstr(text, placeholder) != NULL;
}

void placeholder_fill(const char *text, const char *placeholder, const char *value,
		      struct strbuf *out)
{
	const char *found = strstr(text, placeholder);

	if (found == NULL) {
		strbuf_adds(out, text);
		return;
	}
	strbuf_add(out, text, (size_t)(found - text));
	strbuf_adds(out, value);
	strbuf_adds(out, found + strlen(placeholder));
}

/* ---- the key jid ---- */

static const struct {
	const char *text;
	enum jid_rule_field field;
	enum jid_rule_form form;
} placeholders[] = {
    {"{user}",       JID_RULE_USER,  JID_RULE_PLAIN},
    {"{user|lower}", JID_RULE_USER,  JID_RULE_LOWER},
    {"{user|safe}",  JID_RULE_USER,  JID_RULE_SAFE },
    {"{email}",      JID_RULE_EMAIL, JID_RULE_PLAIN},
    {"{id}",         JID_RULE_ID,    JID_RULE_PLAIN},
};
#define N_PLACEHOLDERS (sizeof(placeholders) / sizeof(placeholders[0]))

/* Reads the placeholder at the start of text. Returns its length, or 0 if there is none. */
static size_t placeholder_read(const char *text, struct jid_rule *out)
{
	for (size_t i = 0; i < N_PLACEHOLDERS; i++) {
		size_t len = strlen(placeholders[i].text);

		if (strncmp(text, placeholders[i].text, len) != 0)
			continue;
		out->field = placeholders[i].field;
		out->form = placeholders[i].form;
		return len;
	}
	return 0;
}

const char *jid_rule_read(const char *text, struct jid_rule *out)
{
	struct jid_rule rule = {0};
	const char *open = strchr(text, '{');
	size_t len = open == NULL ? 0 : placeholder_read(open, &rule);

	if (len == 0)
		return "has no " JID_RULE_FORMS;
	if (strpbrk(open + len, "{}") != NULL || memchr(text, '}', (size_t)(open - text)) != NULL)
		return "has more than one placeholder";
	const char *at = strchr(text, '@');
	if (rule.field == JID_RULE_EMAIL && open == text && open[len] == '\0') {
		rule.whole = true;
		rule.domain = rule.before = rule.after = "";
		*out = rule;
		return NULL;
	}
	if (at == NULL || at[1] == '\0')
		return "has no @ with a domain after it";
	if (at < open)
		return "has the placeholder after the @";
	if (strchr(at + 1, '@') != NULL)
		return "has more than one @";
	if (strpbrk(text, "\t /&<>\"'\\") != NULL)
		return "has a space, a quote or another character that a bare JID must not have";
	rule.domain = at + 1;
	rule.before = text;
	rule.before_len = (size_t)(open - text);
	rule.after = open + len;
	rule.after_len = (size_t)(at - rule.after);
	*out = rule;
	return NULL;
}
