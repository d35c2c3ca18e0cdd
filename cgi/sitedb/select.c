/*
 * Works on the tokens of a query. A comparison is found from its parameter: outwards, from bracket
 * to bracket, until there is an = or IN beside it.
 */
#include "sitedb/select.h"

#include <stdlib.h>
#include <string.h>

/* Words that end an expression, or come before one: they are no names. */
static const char *const keywords[] = {
    "SELECT", "FROM",  "WHERE",     "AND",    "OR",     "NOT",  "ON",     "HAVING",  "WHEN",
    "THEN",   "ELSE",  "END",       "CASE",   "AS",     "IN",   "IS",     "LIKE",    "BETWEEN",
    "EXISTS", "GROUP", "ORDER",     "BY",     "LIMIT",  "JOIN", "LEFT",   "RIGHT",   "INNER",
    "OUTER",  "CROSS", "NATURAL",   "UNION",  "EXCEPT", "WITH", "USING",  "COLLATE", "DISTINCT",
    "ALL",    "ANY",   "INTERSECT", "OFFSET", "FETCH",  "OVER", "VALUES", "ESCAPE",  "BINARY",
    "FULL",   "ASC",   "DESC",      "FILTER", "SOME",   NULL};

/* What may stand before a comparison, and after it. */
static const char *const before_words[] = {"WHERE", "AND",  "OR",   "NOT",    "ON", "HAVING",
					   "WHEN",  "THEN", "ELSE", "SELECT", NULL};
static const char *const after_words[] = {
    "AND",   "OR",   "GROUP", "ORDER", "LIMIT",  "HAVING",  "UNION", "EXCEPT", "INTERSECT",
    "THEN",  "WHEN", "ELSE",  "END",   "AS",     "LEFT",    "RIGHT", "INNER",  "JOIN",
    "CROSS", "FULL", "WHERE", "FETCH", "OFFSET", "NATURAL", NULL};

#define RULE "compare it with = or IN (…), alone or in lower(): column = %.*s"

static const struct token *token(const struct select *select, size_t i)
{
	return &select->tokens.items[i];
}

static bool is(const struct select *select, size_t i, const char *text)
{
	return token_is(token(select, i), text);
}

static bool is_keyword(const struct select *select, size_t i)
{
	return token_in(token(select, i), keywords);
}

static bool is_name(const struct select *select, size_t i)
{
	return token(select, i)->kind == TOKEN_QUOTED ||
	       (token(select, i)->kind == TOKEN_WORD && !is_keyword(select, i));
}

static bool is_equality(const struct select *select, size_t i)
{
	return is(select, i, "=") || is(select, i, "==") || is(select, i, "<>") ||
	       is(select, i, "!=");
}

static size_t last(const struct select *select)
{
	return select->tokens.count - 1;
}

/* ---- brackets ---- */

/* The bracket that belongs to the one at i; brackets match. */
static size_t closing(const struct select *select, size_t i)
{
	size_t depth = 0;

	for (;; i++) {
		depth += is(select, i, "(") ? 1 : 0;
		if (is(select, i, ")") && --depth == 0)
			return i;
	}
}

static size_t opening(const struct select *select, size_t i)
{
	size_t depth = 0;

	for (;; i--) {
		depth += is(select, i, ")") ? 1 : 0;
		if (is(select, i, "(") && --depth == 0)
			return i;
	}
}

/* The bracket around token i; false: there is none. */
static bool around(const struct select *select, size_t i, size_t *out)
{
	for (; i > 0; i--) {
		if (is(select, i - 1, ")")) {
			i = opening(select, i - 1) + 1;
		} else if (is(select, i - 1, "(")) {
			*out = i - 1;
			return true;
		}
	}
	return false;
}

/* ---- operands: a name, a call, a text, a number, a parameter, (…), and || between these ---- */

/*
 * The end of what begins at i; i itself: nothing that we know. Casts of PostgreSQL belong to it.
 */
static size_t primary_end(const struct select *select, size_t i)
{
	size_t end = i;

	if (is(select, i, "("))
		end = closing(select, i) + 1;
	else if (token(select, i)->kind == TOKEN_STRING || token(select, i)->kind == TOKEN_NUMBER ||
		 token(select, i)->kind == TOKEN_PARAM)
		end = i + 1;
	else if (is_name(select, i))
		for (end = i + 1; is(select, end, ".") && is_name(select, end + 1);)
			end += 2;
	if (end > i && is_name(select, end - 1) && is(select, end, "("))
		end = closing(select, end) + 1;
	while (end > i && is(select, end, "::") && is_name(select, end + 1))
		end = primary_end(select, end + 1);
	return end;
}

/* The beginning of what ends before `end`; `end` itself: nothing that we know. */
static size_t primary_begin(const struct select *select, size_t end)
{
	size_t i = end;

	if (end == 0)
		return end;
	if (is(select, end - 1, ")")) {
		i = opening(select, end - 1);
		if (i > 0 && is_name(select, i - 1))
			i--;
	} else if (is_name(select, end - 1) || (token(select, end - 1)->kind >= TOKEN_STRING &&
						token(select, end - 1)->kind <= TOKEN_PARAM)) {
		i = end - 1;
	}
	while (i < end && i >= 2 && is_name(select, i) && is(select, i - 1, ".") &&
	       is_name(select, i - 2))
		i -= 2;
	if (i < end && i > 0 && is(select, i - 1, "::"))
		return primary_begin(select, i - 1);
	return i;
}

static size_t operand_end(const struct select *select, size_t i)
{
	size_t end = primary_end(select, i);

	while (end > i && is(select, end, "||") && primary_end(select, end + 1) > end + 1)
		end = primary_end(select, end + 1);
	return end;
}

static size_t operand_begin(const struct select *select, size_t end)
{
	size_t i = primary_begin(select, end);

	while (i < end && i > 0 && is(select, i - 1, "||") && primary_begin(select, i - 1) < i - 1)
		i = primary_begin(select, i - 1);
	return i;
}

/* ---- the comparison of a parameter ---- */

static bool may_stand_before(const struct select *select, size_t i)
{
	return i > 0 && (token_in(token(select, i - 1), before_words) || is(select, i - 1, "(") ||
			 is(select, i - 1, ","));
}

static bool may_stand_after(const struct select *select, size_t i)
{
	return token(select, i)->kind == TOKEN_END || token_in(token(select, i), after_words) ||
	       is(select, i, ")") || is(select, i, ",") || is(select, i, ";");
}

/* True if the comparison is whole: both sides are operands, and nothing else belongs to it. */
static bool is_whole(const struct select *select, const struct select_comparison *c)
{
	return c->left < c->op && c->right < c->end && may_stand_before(select, c->left) &&
	       may_stand_after(select, c->end);
}

/* The operand [begin, end) with the parameter is one side of = or <>. */
static bool find_equality(const struct select *select, size_t begin, size_t end,
			  struct select_comparison *out)
{
	if (begin > 0 && is_equality(select, begin - 1))
		*out = (struct select_comparison){.left = operand_begin(select, begin - 1),
						  .op = begin - 1,
						  .right = begin,
						  .end = end};
	else if (is_equality(select, end))
		*out = (struct select_comparison){.left = begin,
						  .op = end,
						  .right = end + 1,
						  .end = operand_end(select, end + 1)};
	else
		return false;
	out->differs = is(select, out->op, "<>") || is(select, out->op, "!=");
	return is_whole(select, out);
}

/* `left IN (…)`, its bracket at i. */
static bool find_in(const struct select *select, size_t i, struct select_comparison *out)
{
	if (i == 0 || !is(select, i - 1, "IN") || is(select, i + 1, "SELECT") ||
	    is(select, i + 1, "WITH"))
		return false;
	*out = (struct select_comparison){.left = operand_begin(select, i - 1),
					  .op = i - 1,
					  .right = i,
					  .end = closing(select, i) + 1,
					  .is_in = true};
	return is_whole(select, out);
}

/* True if a text parameter may be inside the bracket at i: a function of the list, or (…). */
static bool may_surround(const struct select *select, const struct select_dialect *dialect,
			 size_t i)
{
	if (i > 0 && is_name(select, i - 1))
		return token_in(token(select, i - 1), dialect->for_params) &&
		       !(i > 1 && is(select, i - 2, "."));
	for (size_t n = i + 1, end = closing(select, i); n < end; n++)
		if (is(select, n, ","))
			return false; /* a row */
	return !is(select, i + 1, "SELECT") && !is(select, i + 1, "WITH");
}

/* True if [begin, end) stands alone in the bracket, or between commas; or in CAST(… AS type). */
static bool is_argument(const struct select *select, size_t begin, size_t end)
{
	return begin > 0 && (is(select, begin - 1, "(") || is(select, begin - 1, ",")) &&
	       (is(select, end, ")") || is(select, end, ",") || is(select, end, "AS"));
}

/* Finds the comparison that the text parameter at i belongs to. False: none that is allowed. */
static bool find_comparison(const struct select *select, const struct select_dialect *dialect,
			    size_t i, struct select_comparison *out)
{
	size_t bracket, begin = i, end;

	for (;;) {
		begin = operand_begin(select, primary_end(select, begin));
		end = operand_end(select, begin);
		if (find_equality(select, begin, end, out))
			return true;
		if (is(select, end, "IN") && is(select, end + 1, "("))
			return find_in(select, end + 1, out);
		if (!is_argument(select, begin, end) || !around(select, begin, &bracket))
			return false;
		if (find_in(select, bracket, out))
			return true;
		if (!may_surround(select, dialect, bracket))
			return false;
		begin = bracket > 0 && is_name(select, bracket - 1) ? bracket - 1 : bracket;
	}
}

static bool is_known(const struct select *select, const struct select_comparison *found)
{
	for (size_t i = 0; i < select->n_comparisons; i++)
		if (select->comparisons[i].op == found->op)
			return true;
	return false;
}

static enum status add_comparison(struct select *select, const struct select_comparison *found,
				  struct error *err)
{
	struct select_comparison *more;

	if (is_known(select, found))
		return STATUS_OK;
	more = reallocarray(select->comparisons, select->n_comparisons + 1, sizeof(*more));
	if (more == NULL)
		return error_no_memory(err);
	select->comparisons = more;
	more[select->n_comparisons++] = *found;
	return STATUS_OK;
}

bool select_is_text(const char *param)
{
	return strcmp(param, ":now") != 0 && strcmp(param, ":limit") != 0;
}

static bool is_text(const struct token *param)
{
	char name[8];

	return !token_name(param, name, sizeof(name)) || select_is_text(name);
}

static enum status find_comparisons(struct select *select, const struct select_dialect *dialect,
				    const char **at, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < last(select) && status == STATUS_OK; i++) {
		const struct token *param = token(select, i);
		struct select_comparison found;

		if (param->kind != TOKEN_PARAM || !is_text(param))
			continue;
		*at = param->text;
		if (find_comparison(select, dialect, i, &found))
			status = add_comparison(select, &found, err);
		else
			status =
			    error_set(err, STATUS_BAD_REQUEST,
				      "%.*s may be compared only byte for byte: " RULE,
				      (int)param->len, param->text, (int)param->len, param->text);
	}
	return status;
}

/* ---- is it one harmless SELECT ---- */

static enum status check_brackets(const struct select *select, const char **at, struct error *err)
{
	long depth = 0;

	for (size_t i = 0; i <= last(select) && depth >= 0; i++) {
		depth += is(select, i, "(") ? 1 : 0;
		depth -= is(select, i, ")") ? 1 : 0;
		*at = token(select, i)->text;
	}
	if (depth == 0)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST, "the brackets do not match");
}

static enum status check_statement(const struct select *select, const char **at, struct error *err)
{
	size_t i = 0;

	*at = token(select, 0)->text;
	if (last(select) == 0 || is(select, 0, ";"))
		return error_set(err, STATUS_BAD_REQUEST, "it has no statement");
	if (!is(select, 0, "SELECT") && !is(select, 0, "WITH"))
		return error_set(err, STATUS_BAD_REQUEST,
				 "this does not read data: write one SELECT");
	while (i < last(select) && !is(select, i, ";"))
		i++;
	*at = token(select, i)->text + token(select, i)->len;
	*at += strspn(*at, " \t\r\n\f\v");
	if (i == last(select) || **at == '\0')
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "there is more text after the first statement: write one SELECT");
}

static enum status refuse_function(const struct token *name, const struct select_dialect *dialect,
				   struct error *err)
{
	struct strbuf why;

	strbuf_init(&why);
	for (size_t i = 0; dialect->functions[i] != NULL; i++)
		strbuf_addf(&why, " %s", dialect->functions[i]);
	enum status status =
	    strbuf_ok(&why)
		? error_set(err, STATUS_BAD_REQUEST,
			    "'%.*s' may not be called: the only functions allowed are%s",
			    (int)name->len, name->text, why.data)
		: error_no_memory(err);
	strbuf_clear(&why);
	return status;
}

static enum status check_words(const struct select *select, const struct select_dialect *dialect,
			       const char **at, struct error *err)
{
	for (size_t i = 0; i < last(select); i++) {
		const struct token *word = token(select, i);
		bool called = is(select, i + 1, "(") && is_name(select, i);

		*at = word->text;
		if (token_in(word, dialect->words) && !(i > 0 && is(select, i - 1, ".")))
			return error_set(err, STATUS_BAD_REQUEST,
					 "'%.*s' does more than read: write one SELECT",
					 (int)word->len, word->text);
		if (called &&
		    (!token_in(word, dialect->functions) || (i > 0 && is(select, i - 1, "."))) &&
		    !(i > 0 && is(select, i - 1, "::")))
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
		status = find_comparisons(&select, dialect, at, err);
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

/* ---- writing ---- */

struct writer {
	const struct select *select;
	const struct select_dialect *dialect;
	struct strbuf *out;
	select_place *each;
	void *arg;
	int places;
};

static void write_range(struct writer *w, size_t begin, size_t end);

static void write_token(struct writer *w, size_t i)
{
	const struct token *t = token(w->select, i);

	if (t->kind != TOKEN_PARAM) {
		strbuf_add(w->out, t->text, t->len);
	} else {
		w->places++;
		if (w->places <= SELECT_PLACES_MAX)
			w->each(w->arg, t);
		if (w->dialect->place == NULL)
			strbuf_add(w->out, t->text, t->len);
		else if (w->dialect->numbered)
			strbuf_addf(w->out, "%s%d", w->dialect->place, w->places);
		else
			strbuf_adds(w->out, w->dialect->place);
	}
	if (t->text + t->len < token(w->select, i + 1)->text)
		strbuf_addc(w->out, ' ');
}

static void write_bytes(struct writer *w, size_t begin, size_t end)
{
	strbuf_adds(w->out, w->dialect->bytes[0]);
	write_range(w, begin, end);
	strbuf_adds(w->out, w->dialect->bytes[1]);
}

/* The list of IN: the bytes of each element. */
static void write_list(struct writer *w, size_t bracket)
{
	size_t begin = bracket + 1, end = closing(w->select, bracket);

	strbuf_adds(w->out, "(");
	for (size_t i = begin; i <= end; i++) {
		if (is(w->select, i, "("))
			i = closing(w->select, i);
		if (i != end && !is(w->select, i, ","))
			continue;
		write_bytes(w, begin, i);
		strbuf_adds(w->out, i == end ? ")" : ", ");
		begin = i + 1;
	}
}

static void write_comparison(struct writer *w, const struct select_comparison *c)
{
	strbuf_adds(w->out, "(");
	if (!c->differs) {
		write_range(w, c->left, c->op);
		write_token(w, c->op);
		write_range(w, c->right, c->end);
		strbuf_adds(w->out, " AND ");
	}
	write_bytes(w, c->left, c->op);
	strbuf_adds(w->out, c->differs ? " <> " : c->is_in ? " IN " : " = ");
	if (c->is_in)
		write_list(w, c->right);
	else
		write_bytes(w, c->right, c->end);
	strbuf_adds(w->out, ") ");
}

static const struct select_comparison *comparison_at(const struct select *select, size_t i,
						     size_t end)
{
	for (size_t n = 0; n < select->n_comparisons; n++)
		if (select->comparisons[n].left == i && select->comparisons[n].end <= end)
			return &select->comparisons[n];
	return NULL;
}

static void write_range(struct writer *w, size_t begin, size_t end)
{
	while (begin < end) {
		const struct select_comparison *c = comparison_at(w->select, begin, end);

		if (c != NULL)
			write_comparison(w, c);
		else
			write_token(w, begin);
		begin = c != NULL ? c->end : begin + 1;
	}
}

bool select_write(const struct select *select, const struct select_dialect *dialect,
		  struct strbuf *out, select_place *each, void *arg)
{
	struct writer w = {select, dialect, out, each, arg, 0};
	size_t end = last(select);

	if (is(select, end - 1, ";"))
		end--;
	strbuf_adds(out, dialect->before);
	write_range(&w, 0, end);
	strbuf_adds(out, dialect->after);
	return w.places <= SELECT_PLACES_MAX;
}

/* ---- what it returns ---- */

/* The SELECT that is not in brackets, after `WITH …`. */
static size_t main_select(const struct select *select)
{
	size_t i = 0;

	while (i < last(select) && !is(select, i, "SELECT"))
		i = is(select, i, "(") ? closing(select, i) + 1 : i + 1;
	return i;
}

static bool ends_column(const struct select *select, size_t i)
{
	static const char *const words[] = {"FROM",  "UNION", "EXCEPT", "INTERSECT",
					    "WHERE", "ORDER", "LIMIT",  NULL};

	return i == last(select) || is(select, i, ",") || is(select, i, ";") ||
	       token_in(token(select, i), words);
}

const struct token *select_column(const struct select *select, size_t n)
{
	static const struct token nameless = {TOKEN_WORD, "", 0};
	size_t i = main_select(select);

	if (i == last(select))
		return NULL;
	for (size_t begin = ++i; begin <= last(select);) {
		while (!ends_column(select, i))
			i = is(select, i, "(") ? closing(select, i) + 1 : i + 1;
		if (n == 0)
			return i > begin && is_name(select, i - 1) && !is(select, i - 2, "::")
				   ? token(select, i - 1)
				   : &nameless;
		if (!is(select, i, ","))
			return NULL;
		begin = ++i;
		n--;
	}
	return NULL;
}
