/*
 * Makes a localpart from a site user's name, and the name from a localpart. Two different names
 * never become one localpart: a name that Nodeprep would change is refused or, in the safe form,
 * escaped.
 */
#include "xmpp/jid_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/name.h"
#include "base/strbuf.h"
#include "xmpp/jid_prepare.h"

#define QUOTE_MAX 100 /* bytes of a localpart in an error text */

#define SAFE_OPEN   "\\u" /* begins the hexadecimal numbers of the safe form */
#define SAFE_CLOSE  ';'
#define SAFE_NEXT   '.'
#define CODE_MAX    0x10ffff
#define CODE_DIGITS 6

/* ---- XEP-0106 ---- */

/* All escapes of XEP-0106, 3. */
static const struct escape {
	char character;
	const char *text;
} escapes[] = {
    {' ',  "\\20"},
    {'"',  "\\22"},
    {'&',  "\\26"},
    {'\'', "\\27"},
    {'/',  "\\2f"},
    {':',  "\\3a"},
    {'<',  "\\3c"},
    {'>',  "\\3e"},
    {'@',  "\\40"},
    {'\\', "\\5c"},
};
#define N_ESCAPES (sizeof(escapes) / sizeof(escapes[0]))

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Returns the escape that begins at p, or NULL. */
static const struct escape *escape_at(const char *p)
{
	for (size_t i = 0; i < N_ESCAPES; i++)
		if (starts_with(p, escapes[i].text))
			return &escapes[i];
	return NULL;
}

/*
 * Returns the escape for the character at p, or NULL if it needs none. A backslash is escaped only
 * if it would read as the start of an escape.
 */
static const char *escape_find(const char *p, enum jid_name_form form)
{
	if (*p == '\\' && escape_at(p) == NULL &&
	    !(form == JID_NAME_SAFE && starts_with(p, SAFE_OPEN)))
		return NULL;
	for (size_t i = 0; i < N_ESCAPES; i++)
		if (escapes[i].character == *p)
			return escapes[i].text;
	return NULL;
}

/* ---- the safe form ---- */

/*
 * Says when a character is written as "\u" and hexadecimal digits. NEED_MUST means always, NEED_NOT
 * means never. NEED_MAY means only if preparation would otherwise change the name as a whole.
 */
enum need { NEED_NOT, NEED_MAY, NEED_MUST };

static enum need ascii_need(const char *name, size_t at)
{
	char c = name[at];

	/* XEP-0106, 4.1: \20 must not begin or end a localpart */
	if (c == ' ' && (at == 0 || name[at + 1] == '\0'))
		return NEED_MUST;
	return (c >= 'A' && c <= 'Z') || c < ' ' || c == '\x7f' ? NEED_MUST : NEED_NOT;
}

/* Characters that preparation changes or refuses, and invisible characters, must be escaped. */
static enum need need_of(const char *name, size_t at, size_t len)
{
	struct jid_prepared prepared;
	char character[5];

	if ((unsigned char)name[at] < 0x80)
		return ascii_need(name, at);
	memcpy(character, name + at, len);
	character[len] = '\0';
	bool stays =
	    jid_part_prepare(JID_LOCALPART, character, len, &prepared, NULL) == STATUS_OK &&
	    strcmp(prepared.text, character) == 0 &&
	    name_characters_check(character, NULL) == STATUS_OK;
	return stays ? NEED_MAY : NEED_MUST;
}

/* Escapes the characters whose need is at least `from`. The name is valid UTF-8. */
static void safe_write(struct strbuf *out, const char *name, enum need from)
{
	bool open = false;
	size_t total = strlen(name), len;
	uint32_t c;

	for (size_t at = 0; at < total; at += len) {
		len = utf8_decode(name + at, total - at, &c);
		bool escaped = need_of(name, at, len) >= from;
		const char *xep = escaped ? NULL : escape_find(name + at, JID_NAME_SAFE);

		if (open)
			strbuf_addc(out, escaped ? SAFE_NEXT : SAFE_CLOSE);
		else if (escaped)
			strbuf_adds(out, SAFE_OPEN);
		if (escaped)
			strbuf_addf(out, "%x", (unsigned)c);
		else if (xep != NULL)
			strbuf_adds(out, xep);
		else
			strbuf_add(out, name + at, len);
		open = escaped;
	}
	if (open)
		strbuf_addc(out, SAFE_CLOSE);
}

/* ---- a name, escaped ---- */

static void plain_write(struct strbuf *out, const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		const char *escape = escape_find(p, JID_NAME_PLAIN);

		if (escape != NULL)
			strbuf_adds(out, escape);
		else
			strbuf_addc(out, *p);
	}
}

/* Prepares the escaped name. *same is true if preparation changed nothing. */
static enum status prepare(const struct strbuf *escaped, char **out, bool *same, struct error *err)
{
	enum status status = strbuf_ok(escaped) ? jid_localpart_prepare(escaped->data, out, err)
						: error_no_memory(err);

	*same = status == STATUS_OK && strcmp(*out, escaped->data) == 0;
	return status;
}

/*
 * Makes the safe form. To stay readable, it escapes only the characters that must be escaped. If
 * preparation still changes the result, it escapes everything beyond ASCII.
 */
static enum status safe_localpart(const char *name, char **out, struct error *err)
{
	enum status status = STATUS_INTERNAL;
	char *prepared = NULL;
	bool same = false;

	if (name[0] == '\0')
		return jid_part_refuse(JID_LOCALPART, "is empty", err);
	for (enum need from = NEED_MUST; !same && from >= NEED_MAY; from--) {
		struct strbuf escaped;

		free(prepared);
		prepared = NULL;
		strbuf_init(&escaped);
		safe_write(&escaped, name, from);
		status = prepare(&escaped, &prepared, &same, err);
		strbuf_clear(&escaped);
	}
	if (same)
		*out = prepared;
	else
		free(prepared);
	return status;
}

/*
 * Refuses a name that Nodeprep changes, because the changed name could become another user's
 * localpart.
 */
static enum status refuse_changed(const char *name, const char *prepared, struct error *err)
{
	enum status status = name_characters_check(name, err);

	if (status != STATUS_OK)
		return status;
	return error_set(err, STATUS_BAD_REQUEST,
			 "the name would become the localpart \"%.*s\", which could belong to "
			 "another user. In the key jid, use {user|safe} ({user|lower} if names "
			 "differ only in case), or give the user a JID with prebindctl map set",
			 QUOTE_MAX, prepared);
}

static enum status plain_localpart(const char *name, char **out, struct error *err)
{
	struct strbuf escaped;
	char *prepared = NULL;
	bool same = false;

	strbuf_init(&escaped);
	plain_write(&escaped, name);
	enum status status = prepare(&escaped, &prepared, &same, err);
	strbuf_clear(&escaped);
	if (status == STATUS_OK && !same)
		status = refuse_changed(name, prepared, err);
	if (status == STATUS_OK) /* refuse invisible characters that Nodeprep allows */
		status = name_characters_check(name, err);
	if (status == STATUS_OK)
		*out = prepared;
	else
		free(prepared);
	return status;
}

enum status jid_localpart_from_name(const char *name, enum jid_name_form form, char **out,
				    struct error *err)
{
	char *lowered = NULL;
	size_t len = strlen(name);

	if (len > JID_PART_MAX)
		return jid_part_refuse(JID_LOCALPART, "is longer than 1023 bytes", err);
	if (!utf8_valid(name, len))
		return jid_part_refuse(JID_LOCALPART, "is not UTF-8", err);
	if (form == JID_NAME_SAFE)
		return safe_localpart(name, out, err);
	if (form == JID_NAME_PLAIN)
		return plain_localpart(name, out, err);
	enum status status = name_lower(name, &lowered, err);
	if (status == STATUS_OK)
		status = plain_localpart(lowered, out, err);
	free(lowered);
	return status;
}

/* ---- from a localpart to a name ---- */

/*
 * Reads the number at p, after which "." or ";" must follow. Returns how many digits it has, or 0
 * if the number is not valid.
 */
static size_t code_at(const char *p, uint32_t *out)
{
	size_t digits = strspn(p, "0123456789abcdef");

	if (digits == 0 || digits > CODE_DIGITS ||
	    (p[digits] != SAFE_NEXT && p[digits] != SAFE_CLOSE))
		return 0;
	*out = (uint32_t)strtoul(p, NULL, 16);
	return *out == 0 || *out > CODE_MAX || (*out >= 0xd800 && *out < 0xe000) ? 0 : digits;
}

/* Reads "\u41.42;" and returns its length; 0 if the text is not of that form. */
static size_t safe_read(struct strbuf *out, const char *p)
{
	size_t at = strlen(SAFE_OPEN), digits;
	uint32_t c;

	if (!starts_with(p, SAFE_OPEN))
		return 0;
	while ((digits = code_at(p + at, &c)) != 0) {
		name_add_character(out, c);
		at += digits + 1;
		if (p[at - 1] == SAFE_CLOSE)
			return at;
	}
	return 0;
}

enum status jid_name_from_localpart(const char *localpart, enum jid_name_form form, char **out,
				    struct error *err)
{
	struct strbuf name;

	strbuf_init(&name);
	for (const char *p = localpart; *p != '\0';) {
		const struct escape *escape = escape_at(p);
		size_t len = form == JID_NAME_SAFE ? safe_read(&name, p) : 0;

		if (len == 0)
			strbuf_addc(&name, escape != NULL ? escape->character : *p);
		p += len != 0 ? len : escape != NULL ? strlen(escape->text) : 1;
	}
	char *text = strbuf_take(&name);
	if (text == NULL)
		return error_no_memory(err);
	*out = text;
	return STATUS_OK;
}
