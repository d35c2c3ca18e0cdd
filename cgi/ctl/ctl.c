/*
 * Functions that the verbs use to report errors, print JSON and read passwords.
 */
#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "account/jid_deny.h"
#include "identity/identity.h"
#include "password/hash.h"

int ctl_fail(const struct ctl *ctl, const struct error *err)
{
	struct strbuf json;
	struct json_writer w;

	fprintf(stderr, "prebindctl: %s\n", err->text);
	if (ctl->json) {
		strbuf_init(&json);
		json_writer_init(&w, &json);
		json_open_object(&w, NULL);
		json_put_string(&w, "error", status_name(err->status));
		json_put_string(&w, "message", err->text);
		json_close_object(&w);
		ctl_print_json(ctl, &json);
	}
	return EXIT_REFUSED;
}

int ctl_print_json(const struct ctl *ctl, struct strbuf *json)
{
	(void)ctl;
	strbuf_addc(json, '\n');
	return ctl_print_text(json);
}

int ctl_print_text(struct strbuf *text)
{
	bool ok = strbuf_ok(text);

	if (ok)
		fputs(text->data, stdout);
	else
		fputs("prebindctl: out of memory\n", stderr);
	strbuf_clear(text);
	return ok ? EXIT_DONE : EXIT_REFUSED;
}

void ctl_list_begin(const struct ctl *ctl, struct ctl_list *list)
{
	list->json = ctl->json;
	strbuf_init(&list->text);
	json_writer_init(&list->w, &list->text);
	if (list->json)
		json_open_array(&list->w, NULL);
}

int ctl_list_end(const struct ctl *ctl, struct ctl_list *list, enum status status,
		 const struct error *err)
{
	if (list->json) {
		json_close_array(&list->w);
		strbuf_addc(&list->text, '\n');
	}
	if (status != STATUS_OK) {
		strbuf_clear(&list->text);
		return ctl_fail(ctl, err);
	}
	return ctl_print_text(&list->text);
}

/*
 * Reads up to the newline or the end of the input. Returns the number of bytes, at most
 * PASSWORD_MAX + 1, or -1 if the input has already ended.
 */
static ssize_t read_bytes(FILE *in, char line[PASSWORD_MAX + 1])
{
	ssize_t len = 0;
	int c = getc(in);

	if (c == EOF)
		return -1;
	for (; c != EOF && c != '\n' && len <= PASSWORD_MAX; c = getc(in))
		line[len++] = (char)c;
	return len;
}

/*
 * Reads a line of at most max bytes and removes its newline. The caller frees *out with
 * secret_free.
 */
static enum status read_line(FILE *in, size_t max, char **out, struct error *err)
{
	char line[PASSWORD_MAX + 1];
	ssize_t len = read_bytes(in, line);
	char *copy = NULL;
	enum status status = STATUS_BAD_REQUEST;

	if (len < 0)
		error_set(err, status, "no password was given");
	else if (len == 0)
		error_set(err, status, "an empty password is refused");
	else if ((size_t)len > max)
		error_set(err, status, "the password is longer than %zu bytes", max);
	else if (memchr(line, '\0', (size_t)len) != NULL)
		error_set(err, status, "the password has a NUL byte in it; it must be text");
	else
		status =
		    (copy = strndup(line, (size_t)len)) != NULL ? STATUS_OK : error_no_memory(err);
	secret_wipe(line, sizeof(line));
	if (status == STATUS_OK)
		*out = copy;
	return status;
}

static enum status ask(const char *prompt, size_t max, char **out, struct error *err)
{
	struct termios before, quiet;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "standard input is not a terminal, so prebindctl cannot ask for "
				 "the password; use --password-stdin (map set: "
				 "--xmpp-password-stdin)");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH,
		  &quiet); /* TCSAFLUSH discards what was typed too early */
	fputs(prompt, stderr);
	enum status status = read_line(stdin, max, out, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return status;
}

enum status ctl_read_secret(bool from_stdin, const char *what, size_t max, char **out,
			    struct error *err)
{
	char *first = NULL;
	char *second = NULL;
	char prompt[128];

	if (from_stdin)
		return read_line(stdin, max, out, err);
	snprintf(prompt, sizeof(prompt), "%s: ", what);
	enum status status = ask(prompt, max, &first, err);
	if (status == STATUS_OK)
		status = ask("Again: ", max, &second, err);
	if (status == STATUS_OK && strcmp(first, second) != 0)
		status = error_set(err, STATUS_BAD_REQUEST, "the two passwords differ");
	secret_free(second);
	if (status == STATUS_OK)
		*out = first;
	else
		secret_free(first);
	return status;
}

enum status ctl_read_jid(const struct ctl *ctl, const char *text, struct jid *out,
			 struct error *err)
{
	struct jid jid = {0};
	enum status status = jid_parse(text, &jid, err);

	if (status == STATUS_OK && jid.resource[0] != '\0')
		status = error_set(err, STATUS_BAD_REQUEST,
				   "'%s' has a resource; give the bare JID", text);
	if (status == STATUS_OK)
		status = jid_deny(ctl->site, &jid, err);
	if (status == STATUS_OK)
		*out = jid;
	else
		jid_clear(&jid);
	return status;
}

enum status ctl_source_check(const char *source, struct error *err)
{
	if (identity_provider_named(source) != NULL)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST, "'%s' is not an identity provider", source);
}

const char *ctl_source(const struct ctl *ctl)
{
	return ctl->source != NULL ? ctl->source : ctl->site->identity.items[0];
}
