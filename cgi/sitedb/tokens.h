/*
 * Splits the text of a query into tokens, by the rules that SQLite, MariaDB and PostgreSQL share.
 * What they read in different ways is refused, so that a database reads what we have read. Pure.
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
	size_t count;        /* with TOKEN_END */
};

/*
 * Drops comments. STATUS_BAD_REQUEST: *at is the place of what cannot be read, and err a sentence
 * about it. The text must outlive *out. The caller clears *out.
 */
enum status tokens_read(const char *text, struct tokens *out, const char **at, struct error *err);
void tokens_clear(struct tokens *tokens);

/* True for that operator, and for that keyword in any case. A name in quotes is no keyword. */
bool token_is(const struct token *token, const char *text);
/* True for a keyword of the list, which ends with NULL. */
bool token_in(const struct token *token, const char *const *list);

/* The same for the token at i. */
bool tokens_is(const struct tokens *tokens, size_t i, const char *text);
/* True for a name, with quotes or without; a keyword is none. */
bool tokens_is_name(const struct tokens *tokens, size_t i);
/* The index of TOKEN_END. */
size_t tokens_last(const struct tokens *tokens);
/* The bracket that belongs to the one at i. All brackets must match. */
size_t tokens_closing(const struct tokens *tokens, size_t i);
size_t tokens_opening(const struct tokens *tokens, size_t i);

/* Copies the name, without its quotes, into out. False: it does not fit. */
bool token_name(const struct token *token, char *out, size_t size);

/* The length of the comment at the start of the text; 0: there is none. */
size_t tokens_comment(const char *text);

#endif
