/*
 * The marks, numbers and texts of PHP's serialize format. What PHP's own reader refuses is refused
 * here (ext/standard/var_unserializer.re is its grammar). Numbers must be spelled as PHP writes
 * them, so that equal keys have equal spellings. For php_serialize.c.
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

/* Is it what PHP takes for a number where it stands as an array's key? */
bool php_part_is_integer(const struct php_part *part);

struct php_lexer {
	const char *at;
	const char *end;
	const char *why; /* set when a function below returns false; a constant */
};

/* Notes why, and returns false. */
bool php_lexer_refuse(struct php_lexer *lexer, const char *why);

bool php_lexer_is_at(const struct php_lexer *lexer, char c);

/* The functions below move past what they have read. */
bool php_lexer_skip(struct php_lexer *lexer, const char *mark);
bool php_lexer_pass(struct php_lexer *lexer, size_t len);

/* Digits, and the mark `end`. A number that is too large for a size_t is SIZE_MAX. */
bool php_lexer_number(struct php_lexer *lexer, char end, struct php_part *digits, size_t *out);

/* A number that is not larger than the bytes that are left: the length of something. */
bool php_lexer_length(struct php_lexer *lexer, char end, size_t *out);

/* `17;`, of 64 bits. */
bool php_lexer_integer(struct php_lexer *lexer, struct php_part *digits);

/* `1.5;` */
bool php_lexer_double(struct php_lexer *lexer);

/* `LEN:"BYTES"` */
bool php_lexer_quoted(struct php_lexer *lexer, struct php_part *out);

/* The same, with a class's name, or `LEN:"CLASS:CASE";`. */
bool php_lexer_class(struct php_lexer *lexer);
bool php_lexer_enum(struct php_lexer *lexer);

#endif
