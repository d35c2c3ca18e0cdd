/*
 * Scans a text token by token and checks each token against the grammar of RFC 8259. cJSON checks
 * the order of tokens and decodes escapes.
 */
#include "base/json_scan.h"

#include <stdbool.h>
#include <string.h>

#define TOKENS_MAX   (2 * JSON_VALUES_MAX + 1) /* every value except the root can have a key */
#define FRACTION_MAX 17 /* digits; enough to write any double exactly (DBL_DECIMAL_DIG) */
#define EXPONENT_MAX 2  /* digits; with two, no number underflows to 0 */

struct scanner {
	size_t depth;
	size_t tokens;
	const char *problem; /* what is wrong if scan_token returns NULL */
};

/*
 * Returns false for two kinds of escapes that cJSON reads wrongly. cJSON ends a string at \u0000.
 * cJSON also reads \u as \u0000 if the four characters after \u are not hexadecimal.
 */
static bool harmless_escape(const char *p)
{
	if (*p != 'u')
		return true;
	return strncmp(p + 1, "0000", 4) != 0 && strspn(p + 1, "0123456789abcdefABCDEF") >= 4;
}

/*
 * True for bytes that need no escape in a string: all but control characters, quote and backslash.
 */
static const bool is_plain[256] = {
    [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0xff] = true};

/*
 * Returns the position after the closing quote, or NULL if the string is not valid. This function
 * checks only the escape \u; cJSON checks the other escapes.
 */
static char *scan_string(char *p, struct scanner *s)
{
	for (;;) {
		do
			p++;
		while (is_plain[(unsigned char)*p]);
		if (*p == '"')
			return p + 1;
		s->problem = "a string with a control character, or without its closing quote";
		if (*p != '\\' || (unsigned char)*++p < 0x20)
			return NULL;
		s->problem = "a string with \\u0000 or an invalid escape";
		if (!harmless_escape(p))
			return NULL;
	}
}

/* Advances *p over digits and returns their number. */
static size_t take_digits(char **p)
{
	size_t n = strspn(*p, "0123456789");

	*p += n;
	return n;
}

/* Returns the position after the number, or NULL if the number is not valid (RFC 8259, 6). */
static char *scan_number(char *p, struct scanner *s)
{
	size_t digits;
	size_t exponent = 0;
	bool whole = true;
	char first;

	s->problem = "a number that is not in JSON's form";
	p += *p == '-';
	first = *p;
	digits = take_digits(&p);
	if (digits == 0 || (digits > 1 && first == '0'))
		return NULL;
	if (*p == '.') {
		size_t fraction;

		p++;
		fraction = take_digits(&p);
		if (fraction == 0)
			return NULL;
		digits += fraction;
		whole = false;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		exponent = take_digits(&p);
		if (exponent == 0)
			return NULL;
		whole = false;
	}
	s->problem = "a number with too many digits";
	if (!whole && (digits > FRACTION_MAX || exponent > EXPONENT_MAX))
		return NULL;
	return p;
}

static char *scan_word(char *p)
{
	while (*p >= 'a' && *p <= 'z')
		p++;
	return p;
}

/*
 * Returns the position after the token at p, or NULL if the token is not valid. cJSON checks the
 * order of tokens.
 */
static char *scan_token(char *p, struct scanner *s)
{
	switch (*p) {
	case ':':
	case ',':
		return p + 1;
	case '}':
	case ']':
		s->depth -= s->depth > 0;
		return p + 1;
	case '{':
	case '[':
		s->tokens++;
		s->problem = "more than 8 levels";
		return ++s->depth <= JSON_DEPTH_MAX ? p + 1 : NULL;
	case '"':
		s->tokens++;
		return scan_string(p, s);
	case '-':
	case '0' ... '9':
		s->tokens++;
		return scan_number(p, s);
	case 'a' ... 'z':
		s->tokens++;
		return scan_word(p);
	default:
		s->problem = "an unexpected byte";
		return NULL;
	}
}

static const bool is_blank[256] = {[' '] = true, ['\n'] = true, ['\t'] = true, ['\r'] = true};

/* Returns the last character of the whitespace that begins at p, or p if there is none. */
static char *last_blank(char *p)
{
	if (is_blank[(unsigned char)*p])
		while (is_blank[(unsigned char)p[1]])
			p++;
	return p;
}

/*
 * Copies a token to the position `to`. The token begins at p and ends before `next`. Returns the
 * position after the copy. Most tokens have one byte, which is copied without memmove.
 */
static char *keep(char *to, const char *p, const char *next)
{
	if (next - p == 1)
		*to = *p;
	else
		memmove(to, p, (size_t)(next - p));
	return to + (next - p);
}

/* Works in place: reads at p and writes at `to`, which is never ahead of p. */
enum status json_scan(char *text, struct json_scan *out, struct error *err)
{
	struct scanner s = {.depth = 0};
	char *to = text;

	for (char *p = text, *next; *p != '\0'; p = next) {
		p = last_blank(p);
		next = is_blank[(unsigned char)*p] ? p + 1 : scan_token(p, &s);
		if (next == NULL)
			return error_set(err, STATUS_BAD_REQUEST,
					 "JSON not accepted: %s, at byte %zu", s.problem,
					 (size_t)(p - text));
		if (s.tokens > TOKENS_MAX)
			return error_set(err, STATUS_BAD_REQUEST,
					 "the JSON has more than %d values", JSON_VALUES_MAX);
		to = keep(to, p, next);
	}
	*to = '\0';
	*out = (struct json_scan){.len = (size_t)(to - text), .tokens = s.tokens};
	return STATUS_OK;
}
