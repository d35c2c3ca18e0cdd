/*
 * Reads single settings out of the configuration of site software, without running it.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "setup/setup.h"

#define SITE_FILE_MAX 262144 /* bytes; Drupal's settings.php has 40 kB of comments */

bool setup_text_read(const char *folder, const char *name, struct strbuf *out)
{
	struct file_found found;
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", folder, name);
	strbuf_reset(out);
	bool ok = strbuf_ok(&path) &&
		  file_read(path.data, FILE_BY_GROUP, SITE_FILE_MAX, out, &found) == FILE_OK &&
		  strbuf_ok(out);
	strbuf_clear(&path);
	return ok;
}

/* Returns the place after the comment that begins here; the same place if none does. */
static char *comment_end(char *at)
{
	char *end = at;

	if (at[0] == '/' && at[1] == '*') {
		end = strstr(at + 2, "*/");
		end = end != NULL ? end + 2 : at + strlen(at);
	} else if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
		end = at + strcspn(at, "\n");
	}
	return end;
}

/* Returns the place after the quoted text that begins here. */
static char *quoted_end(char *at)
{
	char quote = *at++;

	while (*at != '\0' && *at != quote)
		at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
	return *at != '\0' ? at + 1 : at;
}

void setup_text_uncomment(char *text)
{
	for (char *at = text; *at != '\0';) {
		char *end = comment_end(at);

		if (*at == '\'' || *at == '"')
			at = quoted_end(at);
		else if (end == at)
			at++;
		while (at < end)
			*at++ = ' ';
	}
}

/* Copies the quoted text without the backslashes before quotes and backslashes. */
static char *quoted_dup(const char *at)
{
	char quote = *at++;
	char *out = strdup(at);
	size_t len = 0;

	for (; out != NULL && *at != '\0' && *at != quote; at++) {
		if (at[0] == '\\' && (at[1] == quote || at[1] == '\\'))
			at++;
		out[len++] = *at;
	}
	if (out != NULL)
		out[len] = '\0';
	return out;
}

/* True if a name stands here alone, not as a part of a longer one. */
static bool is_whole(const char *text, const char *at, size_t len)
{
	bool begins = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');

	return begins && !isalnum((unsigned char)at[len]) && at[len] != '_';
}

char *setup_text_value(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(text, name); at != NULL; at = strstr(at + len, name)) {
		const char *value = at + len;

		if (!is_whole(text, at, len))
			continue;
		value += strspn(value, "'\"]");
		value += strspn(value, " \t\r\n");
		if (*value == '\0' || strchr("=,:", *value) == NULL)
			continue;
		value += strspn(value, "=>,: \t\r\n");
		if (*value == '\'' || *value == '"')
			return quoted_dup(value);
	}
	return NULL;
}
