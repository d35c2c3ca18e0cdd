/*
 * Splits a query into tokens. Text that is no token is an error.
 */
#include "sitedb/tokens.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Keywords that come before, after or between expressions. A word in this list is never a name. */
static const char *const keywords[] = {
    "SELECT", "FROM",  "WHERE",     "AND",    "OR",     "NOT",  "ON",     "HAVING",  "WHEN",
    "THEN",   "ELSE",  "END",       "CASE",   "AS",     "IN",   "IS",     "LIKE",    "BETWEEN",
    "EXISTS", "GROUP", "ORDER",     "BY",     "LIMIT",  "JOIN", "LEFT",   "RIGHT",   "INNER",
    "OUTER",  "CROSS", "NATURAL",   "UNION",  "EXCEPT", "WITH", "USING",  "COLLATE", "DISTINCT",
    "ALL",    "ANY",   "INTERSECT", "OFFSET", "FETCH",  "OVER", "VALUES", "ESCAPE",  "BINARY",
    "FULL",   "ASC",   "DESC",      "FILTER", "SOME",   NULL};

#define OPERATORS "=<>!|&~^+-*/%(),.;"

/* Longer operators come before shorter ones. */
static const char *const long_operators[] = {
    "->>", "<=>", "::", "||", "<=", ">=", "<>", "!=", "==", "->", NULL};

static bool is_word_start(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
	return is_word_start(c) || isdigit((unsigned char)c);
}

static size_t word_length(const char *text)
{
	size_t len = 0;

	while (is_word(text[len]))
		len++;
	return len;
}

size_t tokens_comment(const char *text)
{
	const char *end;

	if (strncmp(text, "--", 2) == 0)
		return strcspn(text, "\n");
	if (strncmp(text, "/*", 2) != 0)
		return 0;
	end = strstr(text + 2, "*/");
	return end != NULL ? (size_t)(end + 2 - text) : strlen(text);
}

/*
 * Returns the length of the quoted text, including both quotes. Returns 0 if the closing quote is
 * missing. Two closing quotes in a row (but not ]]) are one quote in the text.
 */
static size_t quoted_length(const char *text, char closing)
{
	for (const char *at = text + 1; *at != '\0'; at++) {
		if (*at != closing)
			continue;
		if (at[1] != closing || closing == ']')
			return (size_t)(at + 1 - text);
		at++;
	}
	return 0;
}

static size_t operator_length(const char *text)
{
	for (size_t i = 0; long_operators[i] != NULL; i++)
		if (strncmp(text, long_operators[i], strlen(long_operators[i])) == 0)
			return strlen(long_operators[i]);
	return strchr(OPERATORS, text[0]) != NULL ? 1 : 0;
}

static size_t number_length(const char *text)
{
	size_t len = 0;

	while (is_word(text[len]) || text[len] == '.')
		len++;
	return len;
}

/*
 * Refuses a quoted string with a prefix other than x, such as E'a\'b', because the tokenizer would
 * not find its end.
 */
static struct token word_read(const char *text)
{
	size_t len = word_length(text);

	if (text[len] != '\'')
		return (struct token){TOKEN_WORD, text, len};
	size_t string =
	    len == 1 && (text[0] == 'x' || text[0] == 'X') ? quoted_length(text + 1, '\'') : 0;
	return (struct token){TOKEN_STRING, text, string > 0 ? string + 1 : 0};
}

/* Reads one token. Returns a token of length 0 if the text is not a token. */
static struct token token_read(const char *text)
{
	if (is_word_start(text[0]))
		return word_read(text);
	if (isdigit((unsigned char)text[0]))
		return (struct token){TOKEN_NUMBER, text, number_length(text)};
	if (text[0] == '\'')
		return (struct token){TOKEN_STRING, text, quoted_length(text, '\'')};
	if (text[0] == '[')
		return (struct token){TOKEN_QUOTED, text, quoted_length(text, ']')};
	if (text[0] == '"' || text[0] == '`')
		return (struct token){TOKEN_QUOTED, text, quoted_length(text, text[0])};
	if (text[0] == ':' && is_word_start(text[1]))
		return (struct token){TOKEN_PARAM, text, 1 + word_length(text + 1)};
	return (struct token){TOKEN_OPERATOR, text, operator_length(text)};
}

static enum status tokens_add(struct tokens *tokens, struct token token, struct error *err)
{
	/* true if the array is full, because its size is always a power of two, minus one */
	if ((tokens->count & (tokens->count + 1)) == 0) {
		struct token *more =
		    reallocarray(tokens->items, 2 * tokens->count + 2, sizeof(*more));
		if (more == NULL)
			return error_no_memory(err);
		tokens->items = more;
	}
	tokens->items[tokens->count++] = token;
	return STATUS_OK;
}

enum status tokens_read(const char *text, struct tokens *out, const char **at, struct error *err)
{
	struct tokens tokens = {0};
	enum status status = STATUS_OK;

	while (*text != '\0' && status == STATUS_OK) {
		size_t skip = isspace((unsigned char)*text) ? 1 : tokens_comment(text);
		struct token token = {.len = skip};

		if (skip == 0)
			token = token_read(text);
		*at = text;
		if (strncmp(text, "/*!", 3) == 0 || strncmp(text, "/*M!", 4) == 0)
			status =
			    error_set(err, STATUS_BAD_REQUEST,
				      "MariaDB would execute this comment; remove the comment");
		else if (token.len == 0)
			status = error_set(err, STATUS_BAD_REQUEST,
					   "'%c' cannot be used here: use only names, strings in "
					   "single quotes, numbers, :parameters and the usual "
					   "operators",
					   *text);
		else if (skip == 0)
			status = tokens_add(&tokens, token, err);
		text += token.len;
	}
	if (status == STATUS_OK)
		status = tokens_add(&tokens, (struct token){TOKEN_END, text, 0}, err);
	if (status == STATUS_OK)
		*out = tokens;
	else
		tokens_clear(&tokens);
	return status;
}

void tokens_clear(struct tokens *tokens)
{
	free(tokens->items);
	*tokens = (struct tokens){0};
}

bool token_is(const struct token *token, const char *text)
{
	return (token->kind == TOKEN_WORD || token->kind == TOKEN_OPERATOR) &&
	       strlen(text) == token->len && strncasecmp(token->text, text, token->len) == 0;
}

bool token_in(const struct token *token, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (token->kind == TOKEN_WORD && token_is(token, list[i]))
			return true;
	return false;
}

bool token_name(const struct token *token, char *out, size_t size)
{
	size_t quote = token->kind == TOKEN_QUOTED ? 1 : 0;
	size_t len = token->len - 2 * quote;

	if (len >= size)
		return false;
	memcpy(out, token->text + quote, len);
	out[len] = '\0';
	return true;
}

bool tokens_is(const struct tokens *tokens, size_t i, const char *text)
{
	return token_is(&tokens->items[i], text);
}

bool tokens_is_name(const struct tokens *tokens, size_t i)
{
	const struct token *token = &tokens->items[i];

	return token->kind == TOKEN_QUOTED ||
	       (token->kind == TOKEN_WORD && !token_in(token, keywords));
}

size_t tokens_last(const struct tokens *tokens)
{
	return tokens->count - 1;
}

size_t tokens_closing(const struct tokens *tokens, size_t i)
{
	size_t depth = 0;

	for (;; i++) {
		depth += tokens_is(tokens, i, "(") ? 1 : 0;
		if (tokens_is(tokens, i, ")") && --depth == 0)
			return i;
	}
}

size_t tokens_opening(const struct tokens *tokens, size_t i)
{
	size_t depth = 0;

	for (;; i--) {
		depth += tokens_is(tokens, i, ")") ? 1 : 0;
		if (tokens_is(tokens, i, "(") && --depth == 0)
			return i;
	}
}
