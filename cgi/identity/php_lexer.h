/*
 * Reads the marks, numbers and texts of PHP's serialize format, for php_serialize.c. It refuses
 * what PHP's own reader refuses (the grammar is ext/standard/var_unserializer.re). Numbers must be
 * spelled as PHP writes them, so that equal keys have equal spellings.
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

/* Returns true if PHP treats the text as a number when it is the key of an array. */
bool php_part_is_integer(const struct php_part *part);

struct php_lexer {
	const char *at;
	const char *end;
	/*
	 * The reason, a constant. The functions below set it when they return false, except
	 * php_lexer_is_at.
	 */
	const char *why;
};

/* Sets why and returns false. */
bool php_lexer_refuse(struct php_lexer *lexer, const char *why);

bool php_lexer_is_at(const struct php_lexer *lexer, char c);

/* The functions below advance past what they have read. */
bool php_lexer_skip(struct php_lexer *lexer, const char *mark);
bool php_lexer_pass(struct php_lexer *lexer, size_t len);

/* Reads digits and the mark `end`. A number that does not fit a size_t becomes SIZE_MAX. */
bool php_lexer_number(struct php_lexer *lexer, char end, struct php_part *digits, size_t *out);

/* Reads the length of something. It must not be larger than the number of bytes that are left. */
bool php_lexer_length(struct php_lexer *lexer, char end, size_t *out);

/* Reads an integer of 64 bits, such as `17;`. */
bool php_lexer_integer(struct php_lexer *lexer, struct php_part *digits);

/* Reads a floating-point number, such as `1.5;`. */
bool php_lexer_double(struct php_lexer *lexer);

/* Reads `LEN:"BYTES"`. */
bool php_lexer_quoted(struct php_lexer *lexer, struct php_part *out);

/* Read a class's name as `LEN:"CLASS"`, and an enum's case as `LEN:"CLASS:CASE";`. */
bool php_lexer_class(struct php_lexer *lexer);
bool php_lexer_enum(struct php_lexer *lexer);

#endif
