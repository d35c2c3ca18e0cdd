/*
 * Reads and writes the secret file. Reader and writer use the same table of names.
 */
#include "identity/wordpress_secret.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

static const struct {
	const char *name;
	size_t member;
	bool needed;
} rows[] = {
    {"WP_CONFIG",        offsetof(struct wordpress_secret, config), false},
    {"LOGGED_IN_KEY",    offsetof(struct wordpress_secret, key),    true },
    {"LOGGED_IN_SALT",   offsetof(struct wordpress_secret, salt),   false},
    {"LOGGED_IN_COOKIE", offsetof(struct wordpress_secret, cookie), false},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static char **member(struct wordpress_secret *secret, size_t row)
{
	return (char **)((char *)secret + rows[row].member);
}

void wordpress_secret_clear(struct wordpress_secret *secret)
{
	for (size_t i = 0; i < N_ROWS; i++)
		secret_free(*member(secret, i));
	*secret = (struct wordpress_secret){0};
}

/* ---- reading ---- */

struct line {
	const char *file;
	int number;
	char *text;
};

static enum status read_line(const struct line *line, struct wordpress_secret *out,
			     struct error *err)
{
	char *equals = strchr(line->text, '=');
	size_t row = 0;

	if (line->text[0] == '\0' || line->text[0] == '#')
		return STATUS_OK;
	if (equals != NULL)
		*equals = '\0';
	while (row < N_ROWS && strcmp(line->text, rows[row].name) != 0)
		row++;
	/* the error does not quote the line, because the line is secret */
	if (equals == NULL || row == N_ROWS || *member(out, row) != NULL)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "%s:%d: the line is not NAME=VALUE, or NAME is unknown or appears twice; write "
		    "the file with `prebindctl wordpress import WP-CONFIG.PHP`",
		    line->file, line->number);
	*member(out, row) = strdup(equals + 1);
	return *member(out, row) != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status needed_check(const char *file, struct wordpress_secret *secret,
				struct error *err)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = *member(secret, i);

		if (rows[i].needed && (value == NULL || value[0] == '\0'))
			return error_set(err, STATUS_BAD_REQUEST,
					 "%s: the line %s=… is missing; write the file with "
					 "`prebindctl wordpress import WP-CONFIG.PHP`",
					 file, rows[i].name);
	}
	return STATUS_OK;
}

enum status wordpress_secret_read(const char *file, struct wordpress_secret *out, struct error *err)
{
	struct wordpress_secret secret = {0};
	struct line line = {.file = file};
	struct strbuf text;

	strbuf_init_secret(&text);
	enum status status = secret_lines_read(file, &text, err);
	char *rest = status == STATUS_OK ? text.data : NULL;
	while (status == STATUS_OK && rest != NULL) {
		line.text = strsep(&rest, "\n");
		line.number++;
		status = read_line(&line, &secret, err);
	}
	if (status == STATUS_OK)
		status = needed_check(file, &secret, err);
	strbuf_clear(&text);
	if (status == STATUS_OK)
		*out = secret;
	else
		wordpress_secret_clear(&secret);
	return status;
}

/* ---- writing ---- */

enum status wordpress_secret_write(const struct wordpress_secret *secret, struct strbuf *out,
				   struct error *err)
{
	struct wordpress_secret copy = *secret;

	strbuf_adds(out, "# written by prebindctl wordpress import\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = *member(&copy, i);

		if (value != NULL && strchr(value, '\n') != NULL)
			return error_set(err, STATUS_BAD_REQUEST,
					 "the value of %s contains a newline", rows[i].name);
		if (value != NULL)
			strbuf_addf(out, "%s=%s\n", rows[i].name, value);
	}
	return strbuf_ok(out) ? STATUS_OK : error_no_memory(err);
}
