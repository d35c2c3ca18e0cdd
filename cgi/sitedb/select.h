/*
 * Reads the SELECT of a query file before any database is asked. It finds the columns, parameters
 * and functions of the SELECT. It also writes the statement so that a visitor's text is compared
 * byte for byte. Internal to sitedb/. Pure.
 *
 * Why byte for byte: with the collations of most sites, 'ABC', 'abc', 'abc ' and 'äbc' are equal. A
 * cookie or a name that only looks like a user's would then be accepted as that user's.
 *
 * The rule: a text parameter must be on one side of = or <>, or in `… IN (…)`. It can be alone
 * there, or inside one of a few functions such as lower(). Each such comparison `a = :sid` is
 * written as `(a = :sid AND bytes of a = bytes of :sid)`. With the first half the database can use
 * an index. The second half refuses a value that only looks alike.
 *
 * The exception is :q, the text that a visitor searches for. It can be anywhere, because it never
 * decides who the visitor is. In a pattern of LIKE it is written as :q_like, whose value has % and
 * _ escaped, and the pattern gets ESCAPE '!'.
 */
#ifndef SITEDB_SELECT_H
#define SITEDB_SELECT_H

#include "base/strbuf.h"
#include "sitedb/site_query.h"
#include "sitedb/tokens.h"

#define SELECT_PLACES_MAX 64 /* parameters in the statement for a database, with repetitions */

/*
 * A function of SQLite that a query can call in every database. call is the text that this database
 * needs for the name and the bracket, such as "unix_timestamp(".
 */
struct select_function {
	const char *name, *call;
};

/* How a kind of database writes a statement. */
struct select_dialect {
	const char *place;            /* replaces a parameter, such as "?"; NULL to keep its name */
	bool numbered;                /* true if a number follows, as in "$1" */
	const char *bytes[2];         /* written around an expression to get its bytes */
	const char *const *functions; /* allowed functions, ends with NULL; NULL if not checked */
	const char *const
	    *for_params;          /* functions that a text parameter can be in; ends with NULL */
	const char *const *words; /* refused words, such as INTO; used if functions is not NULL */
	const struct select_function *shared; /* ends with a NULL name; NULL for SQLite itself */
	const char *before, *after;           /* written around the whole statement */
	const char *limit; /* written at its end, before the number of rows; can be NULL */
};

/* A comparison of a text parameter, as indexes of tokens. */
struct select_comparison {
	size_t left, op, right, end; /* the sides are [left, op) and [right, end) */
	bool is_in;                  /* op is IN, and right is its bracket */
	bool differs;                /* op is <> or != */
};

struct select {
	struct tokens tokens;
	struct select_comparison *comparisons; /* owned */
	size_t n_comparisons;
};

/*
 * Reads the text. Returns STATUS_BAD_REQUEST if it is not a single SELECT that is allowed; *at is
 * then the place of the error, and err describes it. The text must outlive *out. The caller clears
 * *out.
 */
enum status select_read(const char *text, const struct select_dialect *dialect, struct select *out,
			const char **at, struct error *err);
void select_clear(struct select *select);

/*
 * Adds the comparisons of all text parameters. Only select_read calls it. Returns
 * STATUS_BAD_REQUEST if a parameter is not in an allowed comparison.
 */
enum status select_find_comparisons(struct select *select, const struct select_dialect *dialect,
				    const char **at, struct error *err);

/* The parameter for a visitor's search, and the one that replaces it in a pattern of LIKE. */
#define SELECT_SEARCH      ":q"
#define SELECT_SEARCH_LIKE SITE_QUERY_Q_LIKE
#define SELECT_LIKE_ESCAPE '!'

/* Returns false if the parameter is a number, such as ":now", which has no collation. */
bool select_is_text(const char *param);

/* Is called for each parameter in the order of the text, with its name, such as ":sid". */
typedef void select_place(void *arg, const struct token *param);

/*
 * Appends the statement for the database. Calls `each` for every parameter that it writes. Returns
 * false if there are more than SELECT_PLACES_MAX.
 */
bool select_write(const struct select *select, const struct select_dialect *dialect,
		  struct strbuf *out, select_place *each, void *arg);

/*
 * Returns the name of column n of the SELECT, or NULL after the last column. If a column has no
 * name, the returned token has the length 0.
 */
const struct token *select_column(const struct select *select, size_t n);

#endif
