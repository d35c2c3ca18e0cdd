/*
 * Reads the SELECT of a query file before any database is asked. It finds the columns, parameters
 * and functions of the SELECT. It also writes the statement for the database, in which strings from
 * a visitor are compared byte for byte. Internal to sitedb/. Pure.
 *
 * Why byte for byte: with the collations of most sites, 'ABC', 'abc', 'abc ' and 'äbc' are equal. A
 * plain comparison would therefore accept a cookie or a name that only resembles a user's.
 *
 * The rule: a string parameter must be on one side of = or <>, or in `… IN (…)`. It can be alone
 * there, or inside one of a few functions such as lower(). Each such comparison `a = :sid` is
 * written as `(a = :sid AND bytes of a = bytes of :sid)`. The first half lets the database use an
 * index. The second half refuses values with different bytes.
 *
 * The exception is the parameter :q, the string that a visitor searches for. It is allowed
 * anywhere, because it never decides who the visitor is. In the pattern of a LIKE, :q is written as
 * :q_like, and ESCAPE '!' is added. The value of :q_like has % and _ escaped.
 */
#ifndef SITEDB_SELECT_H
#define SITEDB_SELECT_H

#include "base/strbuf.h"
#include "sitedb/site_query.h"
#include "sitedb/tokens.h"

/*
 * maximum number of parameters in a database's statement; every occurrence of a parameter is
 * counted
 */
#define SELECT_PLACES_MAX 64

/*
 * A function of SQLite that a query can call in every kind of database. `call` is the text that
 * replaces the name and the opening bracket in this kind of database, such as "unix_timestamp(".
 */
struct select_function {
	const char *name, *call;
};

/* How a statement is written for a kind of database. */
struct select_dialect {
	/* written instead of a parameter, such as "?"; NULL to keep the parameter's name */
	const char *place;
	bool numbered;        /* true if the parameter's number follows, as in "$1" */
	const char *bytes[2]; /* written before and after an expression to get its bytes */
	/* allowed functions; ends with NULL; NULL if functions are not checked */
	const char *const *functions;
	/* functions whose argument can be a string parameter; ends with NULL */
	const char *const *for_params;
	/* refused words, such as INTO; used only if functions is not NULL */
	const char *const *words;
	/* functions to replace; ends with a NULL name; NULL for SQLite itself */
	const struct select_function *shared;
	const char *before, *after; /* written before and after the whole statement */
	const char *limit; /* written at the end, before the maximum number of rows; can be NULL */
};

/* A comparison with a string parameter. The members are indexes of tokens. */
struct select_comparison {
	size_t left, op, right, end; /* the two sides are [left, op) and [right, end) */
	bool is_in;                  /* true if op is IN; right is then its opening bracket */
	bool differs;                /* true if op is <> or != */
};

struct select {
	struct tokens tokens;
	struct select_comparison *comparisons; /* owned */
	size_t n_comparisons;
};

/*
 * Reads the query. Returns STATUS_BAD_REQUEST if it is not one SELECT of an allowed form; *at then
 * points to the error, and err describes the error. The text must outlive *out. The caller clears
 * *out.
 */
enum status select_read(const char *text, const struct select_dialect *dialect, struct select *out,
			const char **at, struct error *err);
void select_clear(struct select *select);

/*
 * Adds the comparisons of all string parameters to *select. Only select_read calls this. Returns
 * STATUS_BAD_REQUEST if a parameter is not in an allowed comparison.
 */
enum status select_find_comparisons(struct select *select, const struct select_dialect *dialect,
				    const char **at, struct error *err);

/* The parameter for the search string, and the parameter that replaces it in a LIKE pattern. */
#define SELECT_SEARCH      ":q"
#define SELECT_SEARCH_LIKE SITE_QUERY_Q_LIKE
#define SELECT_LIKE_ESCAPE '!'

/*
 * Returns true if the parameter is a string. Returns false if it is a number, such as ":now", which
 * has no collation.
 */
bool select_is_text(const char *param);

/*
 * Called for each parameter in the order of the statement. The token is the parameter's name, such
 * as ":sid".
 */
typedef void select_place(void *arg, const struct token *param);

/*
 * Appends the statement for the database. Calls `each` for every parameter that it writes. Returns
 * false if the statement has more than SELECT_PLACES_MAX parameters.
 */
bool select_write(const struct select *select, const struct select_dialect *dialect,
		  struct strbuf *out, select_place *each, void *arg);

/*
 * Returns the name of column n of the SELECT, or NULL after the last column. For a column without a
 * name, returns a token of length 0.
 */
const struct token *select_column(const struct select *select, size_t n);

#endif
