/*
 * Finds the comparisons of string parameters in a query, and writes the statement that compares
 * them byte for byte. To find a comparison, the search begins at the parameter and moves outwards
 * from bracket to bracket, until an = or IN is next to the bracket. In the pattern of a LIKE, :q is
 * escaped.
 */
#include "sitedb/select.h"

#include <stdlib.h>
#include <string.h>

/* Words that are allowed directly before a comparison, and directly after it. */
static const char *const before_words[] = {"WHERE", "AND",  "OR",   "NOT",    "ON", "HAVING",
					   "WHEN",  "THEN", "ELSE", "SELECT", NULL};
static const char *const after_words[] = {
    "AND",   "OR",   "GROUP", "ORDER", "LIMIT",  "HAVING",  "UNION", "EXCEPT", "INTERSECT",
    "THEN",  "WHEN", "ELSE",  "END",   "AS",     "LEFT",    "RIGHT", "INNER",  "JOIN",
    "CROSS", "FULL", "WHERE", "FETCH", "OFFSET", "NATURAL", NULL};

#define RULE "use = or IN (…), with or without lower(), for example: column = %.*s"

static bool is_equality(const struct tokens *tokens, size_t i)
{
	return tokens_is(tokens, i, "=") || tokens_is(tokens, i, "==") ||
	       tokens_is(tokens, i, "<>") || tokens_is(tokens, i, "!=");
}

/*
 * Sets *out to the opening bracket of the innermost pair around token i. Returns false if no
 * brackets are around it.
 */
static bool around(const struct tokens *tokens, size_t i, size_t *out)
{
	for (; i > 0; i--) {
		if (tokens_is(tokens, i - 1, ")")) {
			i = tokens_opening(tokens, i - 1) + 1;
		} else if (tokens_is(tokens, i - 1, "(")) {
			*out = i - 1;
			return true;
		}
	}
	return false;
}

/*
 * ---- operands: a name, call, string, number, parameter or (…), or several of them joined by ||
 * ----
 */

/*
 * An operand consists of parts joined by ||. Returns the index after the part that begins at i,
 * including PostgreSQL's casts. Returns i if no part begins there.
 */
static size_t primary_end(const struct tokens *tokens, size_t i)
{
	size_t end = i;

	if (tokens_is(tokens, i, "("))
		end = tokens_closing(tokens, i) + 1;
	else if (tokens->items[i].kind == TOKEN_STRING || tokens->items[i].kind == TOKEN_NUMBER ||
		 tokens->items[i].kind == TOKEN_PARAM)
		end = i + 1;
	else if (tokens_is_name(tokens, i))
		for (end = i + 1; tokens_is(tokens, end, ".") && tokens_is_name(tokens, end + 1);)
			end += 2;
	if (end > i && tokens_is_name(tokens, end - 1) && tokens_is(tokens, end, "("))
		end = tokens_closing(tokens, end) + 1;
	while (end > i && tokens_is(tokens, end, "::") && tokens_is_name(tokens, end + 1))
		end = primary_end(tokens, end + 1);
	return end;
}

/* Returns the index at which the part before `end` begins. Returns `end` if there is no part. */
static size_t primary_begin(const struct tokens *tokens, size_t end)
{
	size_t i = end;

	if (end == 0)
		return end;
	if (tokens_is(tokens, end - 1, ")")) {
		i = tokens_opening(tokens, end - 1);
		if (i > 0 && tokens_is_name(tokens, i - 1))
			i--;
	} else if (tokens_is_name(tokens, end - 1) ||
		   (tokens->items[end - 1].kind >= TOKEN_STRING &&
		    tokens->items[end - 1].kind <= TOKEN_PARAM)) {
		i = end - 1;
	}
	while (i < end && i >= 2 && tokens_is_name(tokens, i) && tokens_is(tokens, i - 1, ".") &&
	       tokens_is_name(tokens, i - 2))
		i -= 2;
	if (i < end && i > 0 && tokens_is(tokens, i - 1, "::"))
		return primary_begin(tokens, i - 1);
	return i;
}

static size_t operand_end(const struct tokens *tokens, size_t i)
{
	size_t end = primary_end(tokens, i);

	while (end > i && tokens_is(tokens, end, "||") && primary_end(tokens, end + 1) > end + 1)
		end = primary_end(tokens, end + 1);
	return end;
}

static size_t operand_begin(const struct tokens *tokens, size_t end)
{
	size_t i = primary_begin(tokens, end);

	while (i < end && i > 0 && tokens_is(tokens, i - 1, "||") &&
	       primary_begin(tokens, i - 1) < i - 1)
		i = primary_begin(tokens, i - 1);
	return i;
}

/* ---- the comparison of a parameter ---- */

static bool may_stand_before(const struct tokens *tokens, size_t i)
{
	return i > 0 && (token_in(&tokens->items[i - 1], before_words) ||
			 tokens_is(tokens, i - 1, "(") || tokens_is(tokens, i - 1, ","));
}

static bool may_stand_after(const struct tokens *tokens, size_t i)
{
	return tokens->items[i].kind == TOKEN_END || token_in(&tokens->items[i], after_words) ||
	       tokens_is(tokens, i, ")") || tokens_is(tokens, i, ",") || tokens_is(tokens, i, ";");
}

/*
 * Returns true if both sides of the comparison are operands, and the tokens before and after the
 * comparison are not part of it.
 */
static bool is_whole(const struct tokens *tokens, const struct select_comparison *c)
{
	return c->left < c->op && c->right < c->end && may_stand_before(tokens, c->left) &&
	       may_stand_after(tokens, c->end);
}

/* Finds the = or <> before or after the operand [begin, end), which contains the parameter. */
static bool find_equality(const struct tokens *tokens, size_t begin, size_t end,
			  struct select_comparison *out)
{
	if (begin > 0 && is_equality(tokens, begin - 1))
		*out = (struct select_comparison){.left = operand_begin(tokens, begin - 1),
						  .op = begin - 1,
						  .right = begin,
						  .end = end};
	else if (is_equality(tokens, end))
		*out = (struct select_comparison){.left = begin,
						  .op = end,
						  .right = end + 1,
						  .end = operand_end(tokens, end + 1)};
	else
		return false;
	out->differs = tokens_is(tokens, out->op, "<>") || tokens_is(tokens, out->op, "!=");
	return is_whole(tokens, out);
}

/* Finds `left IN (…)` for the opening bracket at i. */
static bool find_in(const struct tokens *tokens, size_t i, struct select_comparison *out)
{
	if (i == 0 || !tokens_is(tokens, i - 1, "IN") || tokens_is(tokens, i + 1, "SELECT") ||
	    tokens_is(tokens, i + 1, "WITH"))
		return false;
	*out = (struct select_comparison){.left = operand_begin(tokens, i - 1),
					  .op = i - 1,
					  .right = i,
					  .end = tokens_closing(tokens, i) + 1,
					  .is_in = true};
	return is_whole(tokens, out);
}

/*
 * Returns true if a string parameter is allowed inside the bracket at i. The bracket must be the
 * call of a function in for_params, or must only group an expression.
 */
static bool may_surround(const struct tokens *tokens, const struct select_dialect *dialect,
			 size_t i)
{
	if (i > 0 && tokens_is_name(tokens, i - 1))
		return token_in(&tokens->items[i - 1], dialect->for_params) &&
		       !(i > 1 && tokens_is(tokens, i - 2, "."));
	for (size_t n = i + 1, end = tokens_closing(tokens, i); n < end; n++)
		if (tokens_is(tokens, n, ","))
			return false; /* a row of several values is not allowed */
	return !tokens_is(tokens, i + 1, "SELECT") && !tokens_is(tokens, i + 1, "WITH");
}

/*
 * Returns true if [begin, end) is a whole argument: it is between brackets or commas, or is the
 * argument of CAST(… AS type).
 */
static bool is_argument(const struct tokens *tokens, size_t begin, size_t end)
{
	return begin > 0 &&
	       (tokens_is(tokens, begin - 1, "(") || tokens_is(tokens, begin - 1, ",")) &&
	       (tokens_is(tokens, end, ")") || tokens_is(tokens, end, ",") ||
		tokens_is(tokens, end, "AS"));
}

/*
 * Finds the comparison that contains the string parameter at i. Returns false if there is no
 * allowed comparison.
 */
static bool find_comparison(const struct tokens *tokens, const struct select_dialect *dialect,
			    size_t i, struct select_comparison *out)
{
	size_t bracket, begin = i, end;

	for (;;) {
		begin = operand_begin(tokens, primary_end(tokens, begin));
		end = operand_end(tokens, begin);
		if (find_equality(tokens, begin, end, out))
			return true;
		if (tokens_is(tokens, end, "IN") && tokens_is(tokens, end + 1, "("))
			return find_in(tokens, end + 1, out);
		if (!is_argument(tokens, begin, end) || !around(tokens, begin, &bracket))
			return false;
		if (find_in(tokens, bracket, out))
			return true;
		if (!may_surround(tokens, dialect, bracket))
			return false;
		begin = bracket > 0 && tokens_is_name(tokens, bracket - 1) ? bracket - 1 : bracket;
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

static bool is_searched(const struct token *param)
{
	char name[8];

	return token_name(param, name, sizeof(name)) &&
	       (strcmp(name, SELECT_SEARCH) == 0 || strcmp(name, SELECT_SEARCH_LIKE) == 0);
}

static bool is_compared(const struct token *param)
{
	char name[8];

	return !is_searched(param) &&
	       (!token_name(param, name, sizeof(name)) || select_is_text(name));
}

enum status select_find_comparisons(struct select *select, const struct select_dialect *dialect,
				    const char **at, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < tokens_last(&select->tokens) && status == STATUS_OK; i++) {
		const struct token *param = &select->tokens.items[i];
		struct select_comparison found;

		if (param->kind != TOKEN_PARAM || !is_compared(param))
			continue;
		*at = param->text;
		if (find_comparison(&select->tokens, dialect, i, &found))
			status = add_comparison(select, &found, err);
		else
			status = error_set(
			    err, STATUS_BAD_REQUEST, "%.*s must be compared byte for byte: " RULE,
			    (int)param->len, param->text, (int)param->len, param->text);
	}
	return status;
}

/* ---- writing ---- */

struct writer {
	const struct tokens *tokens;
	const struct select *select;
	const struct select_dialect *dialect;
	struct strbuf *out;
	select_place *each;
	void *arg;
	int places;
	bool in_like; /* true while a LIKE pattern is written */
};

static void write_range(struct writer *w, size_t begin, size_t end);

/*
 * If token i begins a call of a shared function (struct select_function), returns the text that
 * replaces this beginning. Otherwise returns NULL.
 */
static const char *shared_call(const struct writer *w, size_t i)
{
	const struct select_function *f = w->dialect->shared;

	if (f == NULL || !tokens_is(w->tokens, i + 1, "(") ||
	    (i > 0 && tokens_is(w->tokens, i - 1, ".")))
		return NULL;
	while (f->name != NULL && !tokens_is(w->tokens, i, f->name))
		f++;
	return f->call;
}

static void write_param(struct writer *w, const struct token *t)
{
	static const struct token escaped = {TOKEN_PARAM, SELECT_SEARCH_LIKE,
					     sizeof(SELECT_SEARCH_LIKE) - 1};

	if (w->in_like && is_searched(t))
		t = &escaped;
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

static void write_token(struct writer *w, size_t i)
{
	const struct token *t = &w->tokens->items[i];

	if (t->kind == TOKEN_PARAM)
		write_param(w, t);
	else
		strbuf_add(w->out, t->text, t->len);
	if (t->text + t->len < w->tokens->items[i + 1].text)
		strbuf_addc(w->out, ' ');
}

static void write_bytes(struct writer *w, size_t begin, size_t end)
{
	strbuf_adds(w->out, w->dialect->bytes[0]);
	write_range(w, begin, end);
	strbuf_adds(w->out, w->dialect->bytes[1]);
}

/* Writes the list after IN, with each element converted to bytes. */
static void write_list(struct writer *w, size_t bracket)
{
	size_t begin = bracket + 1, end = tokens_closing(w->tokens, bracket);

	strbuf_adds(w->out, "(");
	for (size_t i = begin; i <= end; i++) {
		if (tokens_is(w->tokens, i, "("))
			i = tokens_closing(w->tokens, i);
		if (i != end && !tokens_is(w->tokens, i, ","))
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

/*
 * Returns the end of the pattern if the LIKE at i has a pattern that contains :q. Otherwise returns
 * i.
 */
static size_t pattern_end(const struct tokens *tokens, size_t i)
{
	bool like = tokens_is(tokens, i, "LIKE") || tokens_is(tokens, i, "ILIKE");
	size_t end = like ? operand_end(tokens, i + 1) : i;

	for (size_t n = i + 1; n < end; n++)
		if (tokens->items[n].kind == TOKEN_PARAM && is_searched(&tokens->items[n]))
			return end;
	return i;
}

/*
 * Writes a LIKE and its pattern, with our ESCAPE instead of the query's. Returns the index of the
 * token after the whole LIKE expression.
 */
static size_t write_like(struct writer *w, size_t like, size_t end)
{
	write_token(w, like);
	w->in_like = true;
	write_range(w, like + 1, end);
	w->in_like = false;
	strbuf_addf(w->out, " ESCAPE '%c' ", SELECT_LIKE_ESCAPE);
	bool has_own =
	    tokens_is(w->tokens, end, "ESCAPE") && w->tokens->items[end + 1].kind == TOKEN_STRING;
	return has_own ? end + 2 : end;
}

static void write_range(struct writer *w, size_t begin, size_t end)
{
	while (begin < end) {
		const struct select_comparison *c = comparison_at(w->select, begin, end);
		size_t pattern = pattern_end(w->tokens, begin);

		const char *call = c == NULL ? shared_call(w, begin) : NULL;

		if (c != NULL) {
			write_comparison(w, c);
			begin = c->end;
		} else if (call != NULL) {
			strbuf_adds(w->out, call);
			begin += 2; /* skip the function's name and the bracket */
		} else if (pattern > begin) {
			begin = write_like(w, begin, pattern);
		} else {
			write_token(w, begin++);
		}
	}
}

bool select_write(const struct select *select, const struct select_dialect *dialect,
		  struct strbuf *out, select_place *each, void *arg)
{
	struct writer w = {.tokens = &select->tokens,
			   .select = select,
			   .dialect = dialect,
			   .out = out,
			   .each = each,
			   .arg = arg};
	size_t end = tokens_last(w.tokens);

	if (tokens_is(w.tokens, end - 1, ";"))
		end--;
	strbuf_adds(out, dialect->before);
	write_range(&w, 0, end);
	strbuf_adds(out, dialect->after);
	return w.places <= SELECT_PLACES_MAX;
}
