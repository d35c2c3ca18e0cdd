/*
 * Checks that a query is one harmless SELECT, and finds the columns that it returns.
 * select_comparison.c finds the comparisons and writes the statement for the database.
 */
#include "sitedb/select.h"

#include <stdlib.h>
#include <string.h>

/* ---- is the query one harmless SELECT ---- */

static enum status check_brackets(const struct select *select, const char **at, struct error *err)
{
	long depth = 0;

	for (size_t i = 0; i <= tokens_last(&select->tokens) && depth >= 0; i++) {
		depth += tokens_is(&select->tokens, i, "(") ? 1 : 0;
		depth -= tokens_is(&select->tokens, i, ")") ? 1 : 0;
		*at = select->tokens.items[i].text;
	}
	if (depth == 0)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST, "the brackets do not match");
}

static enum status check_statement(const struct select *select, const char **at, struct error *err)
{
	size_t i = 0;

	*at = select->tokens.items[0].text;
	if (tokens_last(&select->tokens) == 0 || tokens_is(&select->tokens, 0, ";"))
		return error_set(err, STATUS_BAD_REQUEST, "the file contains no statement");
	if (!tokens_is(&select->tokens, 0, "SELECT") && !tokens_is(&select->tokens, 0, "WITH"))
		return error_set(err, STATUS_BAD_REQUEST,
				 "this statement does not read data; write one SELECT");
	while (i < tokens_last(&select->tokens) && !tokens_is(&select->tokens, i, ";"))
		i++;
	*at = select->tokens.items[i].text + select->tokens.items[i].len;
	*at += strspn(*at, " \t\r\n\f\v");
	if (i == tokens_last(&select->tokens) || **at == '\0')
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "more text follows the first statement; write one SELECT");
}

static enum status refuse_function(const struct token *name, const struct select_dialect *dialect,
				   struct error *err)
{
	struct strbuf why;

	strbuf_init(&why);
	for (size_t i = 0; dialect->functions[i] != NULL; i++)
		strbuf_addf(&why, " %s", dialect->functions[i]);
	enum status status = strbuf_ok(&why)
				 ? error_set(err, STATUS_BAD_REQUEST,
					     "'%.*s' is not an allowed function; use only:%s",
					     (int)name->len, name->text, why.data)
				 : error_no_memory(err);
	strbuf_clear(&why);
	return status;
}

static enum status check_words(const struct select *select, const struct select_dialect *dialect,
			       const char **at, struct error *err)
{
	for (size_t i = 0; i < tokens_last(&select->tokens); i++) {
		const struct token *word = &select->tokens.items[i];
		bool called =
		    tokens_is(&select->tokens, i + 1, "(") && tokens_is_name(&select->tokens, i);

		*at = word->text;
		if (token_in(word, dialect->words) &&
		    !(i > 0 && tokens_is(&select->tokens, i - 1, ".")))
			return error_set(err, STATUS_BAD_REQUEST,
					 "'%.*s' does more than read data; write one SELECT",
					 (int)word->len, word->text);
		if (called &&
		    (!token_in(word, dialect->functions) ||
		     (i > 0 && tokens_is(&select->tokens, i - 1, "."))) &&
		    !(i > 0 && tokens_is(&select->tokens, i - 1, "::")))
			return refuse_function(word, dialect, err);
	}
	return STATUS_OK;
}

enum status select_read(const char *text, const struct select_dialect *dialect, struct select *out,
			const char **at, struct error *err)
{
	struct select select = {0};
	enum status status = tokens_read(text, &select.tokens, at, err);

	if (status == STATUS_OK)
		status = check_statement(&select, at, err);
	if (status == STATUS_OK)
		status = check_brackets(&select, at, err);
	if (status == STATUS_OK && dialect->functions != NULL)
		status = check_words(&select, dialect, at, err);
	if (status == STATUS_OK)
		status = select_find_comparisons(&select, dialect, at, err);
	if (status == STATUS_OK)
		*out = select;
	else
		select_clear(&select);
	return status;
}

void select_clear(struct select *select)
{
	tokens_clear(&select->tokens);
	free(select->comparisons);
	*select = (struct select){0};
}

/* ---- the columns that the query returns ---- */

/* Returns the index of the SELECT that is outside all brackets. `WITH …` can come before it. */
static size_t main_select(const struct select *select)
{
	size_t i = 0;

	while (i < tokens_last(&select->tokens) && !tokens_is(&select->tokens, i, "SELECT"))
		i = tokens_is(&select->tokens, i, "(") ? tokens_closing(&select->tokens, i) + 1
						       : i + 1;
	return i;
}

static bool ends_column(const struct select *select, size_t i)
{
	static const char *const words[] = {"FROM",  "UNION", "EXCEPT", "INTERSECT",
					    "WHERE", "ORDER", "LIMIT",  NULL};

	return i == tokens_last(&select->tokens) || tokens_is(&select->tokens, i, ",") ||
	       tokens_is(&select->tokens, i, ";") || token_in(&select->tokens.items[i], words);
}

const struct token *select_column(const struct select *select, size_t n)
{
	static const struct token nameless = {TOKEN_WORD, "", 0};
	size_t i = main_select(select);

	if (i == tokens_last(&select->tokens))
		return NULL;
	for (size_t begin = ++i; begin <= tokens_last(&select->tokens);) {
		while (!ends_column(select, i))
			i = tokens_is(&select->tokens, i, "(")
				? tokens_closing(&select->tokens, i) + 1
				: i + 1;
		if (n == 0)
			return i > begin && tokens_is_name(&select->tokens, i - 1) &&
				       !tokens_is(&select->tokens, i - 2, "::")
				   ? &select->tokens.items[i - 1]
				   : &nameless;
		if (!tokens_is(&select->tokens, i, ","))
			return NULL;
		begin = ++i;
		n--;
	}
	return NULL;
}
