/*
 * Finds settings in the configuration files of site software, without running these files.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "setup/setup.h"

#define SITE_FILE_MAX 262144 /* in bytes; Drupal's settings.php has 40 kB of comments */

/*
 * Prints why the file was not read. Prints nothing if it does not exist, because that is not an
 * error.
 */
static void say_why(const char *path, enum file_fault fault, const struct file_found *found,
		    FILE *say)
{
	if (fault == FILE_WRITABLE)
		fprintf(say,
			"  %s is not read because every user can write to it; run: chmod o-w %s\n",
			path, path);
	else if (fault == FILE_TOO_LONG)
		fprintf(say, "  %s is not read because it is larger than %d bytes\n", path,
			SITE_FILE_MAX);
	else if (fault == FILE_NO_MEMORY)
		fprintf(say, "  %s cannot be read: out of memory\n", path);
	else if (fault == FILE_NOT_REGULAR)
		fprintf(say, "  %s is not read because it is not a regular file\n", path);
	else if (found->cause != ENOENT && found->cause != ENOTDIR)
		fprintf(say, "  %s cannot be read: %s\n", path, strerrordesc_np(found->cause));
}

bool setup_text_read(const char *folder, const char *name, struct strbuf *out, FILE *say)
{
	struct file_found found = {0};
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", folder, name);
	strbuf_reset(out);
	enum file_fault fault =
	    strbuf_ok(&path) ? file_read(path.data, FILE_BY_GROUP, SITE_FILE_MAX, out, &found)
			     : FILE_NO_MEMORY;
	if (fault == FILE_OK && !strbuf_ok(out))
		fault = FILE_NO_MEMORY;
	if (fault != FILE_OK)
		say_why(path.data, fault, &found, say);
	strbuf_clear(&path);
	return fault == FILE_OK;
}

/* Returns the end of the comment that starts at `at`. Returns `at` if no comment starts there. */
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

/* Returns the end of the quoted string that starts at `at`. */
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

/* Copies the quoted string. Removes the backslashes before quotes and backslashes. */
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

/* True if the name at `at` is not part of a longer name. */
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
