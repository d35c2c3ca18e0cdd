/*
 * Finds and fills placeholders.
 */
#include "conf/placeholder.h"

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
