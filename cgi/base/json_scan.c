/*
 * The scan over a text that is to be JSON (RFC 8259): token by token, and each token by the
 * grammar. The order of tokens and the meaning of escapes are left to cJSON.
 */
#include "base/json_scan.h"

#include <stdbool.h>
#include <string.h>

#define TOKENS_MAX   (2 * JSON_VALUES_MAX + 1) /* a key with each value, and the root */
#define FRACTION_MAX 17                        /* what others write of a double (DBL_DECIMAL_DIG) */
#define EXPONENT_MAX 2                         /* digits; with two, nothing sinks to 0 */

struct scanner {
	size_t depth;
	size_t tokens;
	const char *problem; /* with what next is wrong, when scan_token returns NULL */
};

/* cJSON ends a string at \u0000, and reads four characters that are not hexadecimal as \u0000. */
static bool harmless_escape(const char *p)
{
	if (*p != 'u')
		return true;
	return strncmp(p + 1, "0000", 4) != 0 && strspn(p + 1, "0123456789abcdefABCDEF") >= 4;
}

/* Bytes of a string that mean themselves: all but controls, quote and backslash. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0xff] = true};

/* Behind the closing quote, or NULL. What the other escapes mean is left to cJSON. */
static char *scan_string(char *p, struct scanner *s)
{
	for (;;) {
		do
			p++;
		while (is_plain[(unsigned char)*p]);
		if (*p == '"')
			return p + 1;
		s->problem = "a control character or the end inside a string";
		if (*p != '\\' || (unsigned char)*++p < 0x20)
			return NULL;
		s->problem = "\\u0000 or a broken escape inside a string";
		if (!harmless_escape(p))
			return NULL;
	}
}

/* Moves *p over at least one digit; the number of digits, 0 if there is none. */
static size_t take_digits(char **p)
{
	size_t n = strspn(*p, "0123456789");

	*p += n;
	return n;
}

/* RFC 8259, 6. Behind the number, or NULL. */
static char *scan_number(char *p, struct scanner *s)
{
	size_t digits;
	size_t exponent = 0;
	bool whole = true;
	char first;

	s->problem = "a number in a form that JSON does not have";
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
	s->problem = "a number with more digits than can be kept";
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

/* Behind the token at p, or NULL. That tokens stand in the right order is cJSON's to check. */
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
		s->problem = "a byte that is not JSON";
		return NULL;
	}
}

static const bool is_blank[256] = {[' '] = true, ['\n'] = true, ['\t'] = true, ['\r'] = true};

/* The last of the blanks that begin at p; p itself if there are none. */
static char *last_blank(char *p)
{
	if (is_blank[(unsigned char)*p])
		while (is_blank[(unsigned char)p[1]])
			p++;
	return p;
}

/* Behind to, where the token from p to next is now: most are of one byte. */
static char *keep(char *to, const char *p, const char *next)
{
	if (next - p == 1)
		*to = *p;
	else
		memmove(to, p, (size_t)(next - p));
	return to + (next - p);
}

/* Reads at p and writes at to. */
enum status json_scan(char *text, struct json_scan *out, struct error *err)
{
	struct scanner s = {.depth = 0};
	char *to = text;

	for (char *p = text, *next; *p != '\0'; p = next) {
		p = last_blank(p);
		next = is_blank[(unsigned char)*p] ? p + 1 : scan_token(p, &s);
		if (next == NULL)
			return error_set(err, STATUS_BAD_REQUEST,
					 "not JSON as we read it: %s, at byte %zu", s.problem,
					 (size_t)(p - text));
		if (s.tokens > TOKENS_MAX)
			return error_set(err, STATUS_BAD_REQUEST, "JSON with more than %d values",
					 JSON_VALUES_MAX);
		to = keep(to, p, next);
	}
	*to = '\0';
	*out = (struct json_scan){.len = (size_t)(to - text), .tokens = s.tokens};
	return STATUS_OK;
}
