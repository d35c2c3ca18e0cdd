/*
 * Reads the markers, numbers and strings of PHP's serialize format.
 */
#include "identity/php_lexer.h"

#include <stdint.h>
#include <string.h>

#define DIGITS_MAX  20 /* a number below 2^64 has at most this many digits */
#define INTEGER_MAX "9223372036854775807"
#define INTEGER_MIN "9223372036854775808" /* the smallest 64-bit integer, without its minus sign */

bool php_part_equal(const struct php_part *a, const struct php_part *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

bool php_lexer_refuse(struct php_lexer *lexer, const char *why)
{
	lexer->why = why;
	return false;
}

bool php_lexer_is_at(const struct php_lexer *lexer, char c)
{
	return lexer->at < lexer->end && *lexer->at == c;
}

bool php_lexer_skip(struct php_lexer *lexer, const char *mark)
{
	size_t len = strlen(mark);

	if ((size_t)(lexer->end - lexer->at) < len || memcmp(lexer->at, mark, len) != 0)
		return php_lexer_refuse(lexer, "a delimiter is missing");
	lexer->at += len;
	return true;
}

bool php_lexer_pass(struct php_lexer *lexer, size_t len)
{
	if (len > (size_t)(lexer->end - lexer->at))
		return php_lexer_refuse(lexer, "a length is larger than the rest of the data");
	lexer->at += len;
	return true;
}

/* ---- numbers ---- */

static size_t take_digits(struct php_lexer *lexer)
{
	const char *start = lexer->at;

	while (lexer->at < lexer->end && *lexer->at >= '0' && *lexer->at <= '9')
		lexer->at++;
	return (size_t)(lexer->at - start);
}

static bool take(struct php_lexer *lexer, char c)
{
	bool is_there = php_lexer_is_at(lexer, c);

	lexer->at += is_there;
	return is_there;
}

static bool take_sign(struct php_lexer *lexer)
{
	return take(lexer, '-') || take(lexer, '+');
}

/* Reads a number. Refuses leading zeros, because PHP does not write them. */
static bool read_digits(struct php_lexer *lexer, struct php_part *out)
{
	out->text = lexer->at;
	out->len = take_digits(lexer);
	if (out->len == 0 || out->len > DIGITS_MAX || (out->len > 1 && out->text[0] == '0'))
		return php_lexer_refuse(lexer, "a number is malformed");
	return true;
}

static bool read_end(struct php_lexer *lexer, char end)
{
	return take(lexer, end) || php_lexer_refuse(lexer, "a number is malformed");
}

bool php_lexer_number(struct php_lexer *lexer, char end, struct php_part *digits, size_t *out)
{
	size_t number = 0;

	if (!read_digits(lexer, digits) || !read_end(lexer, end))
		return false;
	for (size_t i = 0; i < digits->len; i++) {
		size_t digit = (size_t)(digits->text[i] - '0');
		number = number > (SIZE_MAX - digit) / 10 ? SIZE_MAX : number * 10 + digit;
	}
	*out = number;
	return true;
}

bool php_lexer_length(struct php_lexer *lexer, char end, size_t *out)
{
	struct php_part digits;

	if (!php_lexer_number(lexer, end, &digits, out))
		return false;
	if (*out > (size_t)(lexer->end - lexer->at))
		return php_lexer_refuse(lexer, "a length is larger than the rest of the data");
	return true;
}

static bool take_integer(struct php_lexer *lexer)
{
	bool negative = take(lexer, '-');
	const char *most = negative ? INTEGER_MIN : INTEGER_MAX;
	struct php_part digits;

	if (!read_digits(lexer, &digits))
		return false;
	if (digits.len > strlen(most) || (negative && digits.text[0] == '0') ||
	    (digits.len == strlen(most) && memcmp(digits.text, most, digits.len) > 0))
		return php_lexer_refuse(lexer, "a number is malformed");
	return true;
}

bool php_lexer_integer(struct php_lexer *lexer, struct php_part *digits)
{
	const char *start = lexer->at;

	if (!take_integer(lexer))
		return false;
	*digits = (struct php_part){start, (size_t)(lexer->at - start)};
	return read_end(lexer, ';');
}

bool php_part_is_integer(const struct php_part *part)
{
	struct php_lexer lexer = {.at = part->text, .end = part->text + part->len};

	return take_integer(&lexer) && lexer.at == lexer.end;
}

static bool skip_word(struct php_lexer *lexer, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(lexer->end - lexer->at) < len || memcmp(lexer->at, word, len) != 0)
		return false;
	lexer->at += len;
	return true;
}

bool php_lexer_double(struct php_lexer *lexer)
{
	if (skip_word(lexer, "NAN;") || skip_word(lexer, "INF;") || skip_word(lexer, "-INF;"))
		return true;
	take_sign(lexer);
	size_t digits = take_digits(lexer);
	if (take(lexer, '.'))
		digits += take_digits(lexer);
	if (digits == 0)
		return php_lexer_refuse(lexer, "a number is malformed");
	if (take(lexer, 'e') || take(lexer, 'E')) {
		take_sign(lexer);
		if (take_digits(lexer) == 0)
			return php_lexer_refuse(lexer, "a number is malformed");
	}
	return read_end(lexer, ';');
}

/* ---- strings ---- */

bool php_lexer_quoted(struct php_lexer *lexer, struct php_part *out)
{
	size_t len;

	if (!php_lexer_length(lexer, ':', &len) || !php_lexer_skip(lexer, "\""))
		return false;
	*out = (struct php_part){.text = lexer->at, .len = len};
	return php_lexer_pass(lexer, len) && php_lexer_skip(lexer, "\"");
}

/* Returns true for a byte that can be in a class's name, with or without its namespace. */
static bool is_class_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || c == '\\' || c >= 0x80;
}

/*
 * Refuses a name with a leading backslash. PHP never writes such a name, and would read it as a
 * different name.
 */
static bool is_class(const struct php_part *name)
{
	size_t i = 0;

	while (i < name->len && is_class_byte((unsigned char)name->text[i]))
		i++;
	return name->len > 0 && i == name->len && name->text[0] != '\\';
}

bool php_lexer_class(struct php_lexer *lexer)
{
	struct php_part name;

	if (!php_lexer_quoted(lexer, &name))
		return false;
	return is_class(&name) || php_lexer_refuse(lexer, "the name of a class is not valid");
}

bool php_lexer_enum(struct php_lexer *lexer)
{
	struct php_part name;

	if (!php_lexer_quoted(lexer, &name) || !php_lexer_skip(lexer, ";"))
		return false;
	const char *colon = memchr(name.text, ':', name.len);
	struct php_part type = {name.text, colon == NULL ? 0 : (size_t)(colon - name.text)};
	struct php_part of_type = {colon == NULL ? name.text : colon + 1,
				   colon == NULL ? 0 : name.len - type.len - 1};
	return (is_class(&type) && is_class(&of_type)) ||
	       php_lexer_refuse(lexer, "the name of an enum is not valid");
}
