/*
 * Splits the text of a query into tokens, by the rules that SQLite, MariaDB and PostgreSQL share.
 * Text that they read in different ways is refused, so that a database reads the same tokens. Pure.
 */
#ifndef SITEDB_TOKENS_H
#define SITEDB_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum token_kind {
	TOKEN_WORD,   /* a keyword, or a name without quotes */
	TOKEN_QUOTED, /* a name in "", `` or [] */
	TOKEN_STRING, /* 'text' or x'00' */
	TOKEN_NUMBER,
	TOKEN_PARAM,    /* :name */
	TOKEN_OPERATOR, /* one operator, bracket, comma or semicolon */
	TOKEN_END       /* once, at the end; it has no text */
};

struct token {
	enum token_kind kind;
	const char *text; /* borrowed from the query */
	size_t len;
};

struct tokens {
	struct token *items; /* owned; ends with TOKEN_END */
	size_t count;        /* includes TOKEN_END */
};

/*
 * Reads the tokens and drops comments. Returns STATUS_BAD_REQUEST if some text cannot be read; *at
 * is then its place, and err describes it. The text must outlive *out. The caller clears *out.
 */
enum status tokens_read(const char *text, struct tokens *out, const char **at, struct error *err);
void tokens_clear(struct tokens *tokens);

/*
 * Returns true if the token is that operator, or that keyword in upper or lower case. A name in
 * quotes is not a keyword.
 */
bool token_is(const struct token *token, const char *text);
/* Returns true if the token is a keyword of the list, which ends with NULL. */
bool token_in(const struct token *token, const char *const *list);

/* As token_is, for the token at i. */
bool tokens_is(const struct tokens *tokens, size_t i, const char *text);
/* Returns true if the token at i is a name, with or without quotes, and not a keyword. */
bool tokens_is_name(const struct tokens *tokens, size_t i);
/* Returns the index of TOKEN_END. */
size_t tokens_last(const struct tokens *tokens);
/* Return the index of the bracket that belongs to the bracket at i. All brackets must match. */
size_t tokens_closing(const struct tokens *tokens, size_t i);
size_t tokens_opening(const struct tokens *tokens, size_t i);

/* Copies the name, without its quotes, into out. Returns false if it does not fit. */
bool token_name(const struct token *token, char *out, size_t size);

/* Returns the length of the comment at the start of the text, or 0 if there is none. */
size_t tokens_comment(const char *text);

#endif
