/*
 * Reads the markers, numbers and strings of PHP's serialize format, for php_serialize.c. It refuses
 * what PHP's own reader refuses (the grammar is ext/standard/var_unserializer.re). Numbers must be
 * written exactly as PHP writes them, so that two different strings are never the same number.
 */
#ifndef IDENTITY_PHP_LEXER_H
#define IDENTITY_PHP_LEXER_H

#include <stdbool.h>
#include <stddef.h>

struct php_part {
	const char *text; /* borrowed from the session */
	size_t len;
};
bool php_part_equal(const struct php_part *a, const struct php_part *b);

/* Returns true if PHP treats the string as a number when the string is an array's key. */
bool php_part_is_integer(const struct php_part *part);

struct php_lexer {
	const char *at;
	const char *end;
	/*
	 * The reason for a refusal, a constant string. The functions below set it when they return
	 * false, except php_lexer_is_at.
	 */
	const char *why;
};

/* Sets lexer->why and returns false. */
bool php_lexer_refuse(struct php_lexer *lexer, const char *why);

bool php_lexer_is_at(const struct php_lexer *lexer, char c);

/* Each of the functions below advances lexer->at past what it has read. */
bool php_lexer_skip(struct php_lexer *lexer, const char *mark);
bool php_lexer_pass(struct php_lexer *lexer, size_t len);

/* Reads digits and the marker `end`. If the number does not fit a size_t, *out becomes SIZE_MAX. */
bool php_lexer_number(struct php_lexer *lexer, char end, struct php_part *digits, size_t *out);

/* Reads a length, which must not be larger than the number of unread bytes. */
bool php_lexer_length(struct php_lexer *lexer, char end, size_t *out);

/* Reads a 64-bit integer, such as `17;`. */
bool php_lexer_integer(struct php_lexer *lexer, struct php_part *digits);

/* Reads a floating-point number, such as `1.5;`. */
bool php_lexer_double(struct php_lexer *lexer);

/* Reads `LEN:"BYTES"`. */
bool php_lexer_quoted(struct php_lexer *lexer, struct php_part *out);

/*
 * The first function reads a class's name as `LEN:"CLASS"`. The second reads an enum's case as
 * `LEN:"CLASS:CASE";`.
 */
bool php_lexer_class(struct php_lexer *lexer);
bool php_lexer_enum(struct php_lexer *lexer);

#endif
