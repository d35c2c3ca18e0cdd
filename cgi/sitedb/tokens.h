/*
 * Splits a query into tokens, by the rules that SQLite, MariaDB and PostgreSQL have in common.
 * Refuses text that these databases read in different ways, so that every database sees the same
 * tokens. Pure.
 */
#ifndef SITEDB_TOKENS_H
#define SITEDB_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum token_kind {
	TOKEN_WORD,   /* a keyword, or an unquoted name */
	TOKEN_QUOTED, /* a name in "", `` or [] */
	TOKEN_STRING, /* 'text' or x'00' */
	TOKEN_NUMBER,
	TOKEN_PARAM,    /* :name */
	TOKEN_OPERATOR, /* one operator, bracket, comma or semicolon */
	TOKEN_END       /* the last token; it has no text */
};

struct token {
	enum token_kind kind;
	const char *text; /* borrowed from the text of the query */
	size_t len;
};

struct tokens {
	struct token *items; /* owned; ends with TOKEN_END */
	size_t count;        /* includes TOKEN_END */
};

/*
 * Reads the tokens and skips comments. Returns STATUS_BAD_REQUEST for text that is not a token; *at
 * then points to this text, and err describes the error. The text must outlive *out. The caller
 * clears *out.
 */
enum status tokens_read(const char *text, struct tokens *out, const char **at, struct error *err);
void tokens_clear(struct tokens *tokens);

/*
 * Returns true if the token is this operator, or this keyword in upper or lower case. A quoted name
 * is never a keyword.
 */
bool token_is(const struct token *token, const char *text);
/* Returns true if the token is one of the keywords in the list, which ends with NULL. */
bool token_in(const struct token *token, const char *const *list);

/* Like token_is, for the token at index i. */
bool tokens_is(const struct tokens *tokens, size_t i, const char *text);
/* Returns true if the token at i is a name, quoted or not. A keyword is not a name. */
bool tokens_is_name(const struct tokens *tokens, size_t i);
/* Returns the index of the last token, TOKEN_END. */
size_t tokens_last(const struct tokens *tokens);
/* Return the index of the bracket that matches the bracket at i. The brackets must be balanced. */
size_t tokens_closing(const struct tokens *tokens, size_t i);
size_t tokens_opening(const struct tokens *tokens, size_t i);

/* Copies the name without its quotes to out. Returns false if the name does not fit. */
bool token_name(const struct token *token, char *out, size_t size);

/* Returns the length of the comment at the beginning of the text, or 0 if no comment is there. */
size_t tokens_comment(const char *text);

#endif
