/*
 * The SELECT of a query file, read before any database is asked: what it returns, which parameters
 * and functions it uses, and how it is written so that what a visitor sends is compared byte for
 * byte. Internal to sitedb/. Pure.
 *
 * Why byte for byte: by the collations that most sites have, 'ABC', 'abc', 'abc ' and 'äbc' are
 * equal. A cookie or a name that only looks like a user's would then be that user's.
 *
 * The rule: a text parameter stands on one side of = or <>, or in `… IN (…)`, alone or inside a few
 * functions such as lower(). Each such comparison `a = :sid` is written as
 * `(a = :sid AND bytes of a = bytes of :sid)`. The first half finds the row by its index; the
 * second half refuses what only looks alike.
 *
 * The exception is :q, what a visitor searches for: nobody becomes a user by it, so it may stand
 * anywhere. In the pattern of LIKE it is written as :q_like, whose value has % and _ escaped, and
 * the pattern gets ESCAPE '!'.
 */
#ifndef SITEDB_SELECT_H
#define SITEDB_SELECT_H

#include "base/strbuf.h"
#include "sitedb/site_query.h"
#include "sitedb/tokens.h"

#define SELECT_PLACES_MAX 64 /* parameters in the text that a database gets, repetitions counted */

/*
 * A function of SQLite that a query may call in every database, and what this one has for it, up to
 * the first argument: "unix_timestamp(".
 */
struct select_function {
	const char *name, *call;
};

/* How a kind of database writes these things. */
struct select_dialect {
	const char *place;            /* what stands for a parameter, such as "?"; NULL: :NAME */
	bool numbered;                /* a number follows: "$1" */
	const char *bytes[2];         /* before and after an expression: its bytes */
	const char *const *functions; /* that may be called, ends with NULL; NULL: not checked */
	const char *const
	    *for_params;          /* that may be called with a text parameter; ends with NULL */
	const char *const *words; /* that a SELECT may not hold, as INTO; with functions */
	const struct select_function *shared; /* ends with a NULL name; NULL: SQLite itself */
	const char *before, *after;           /* around the whole statement */
};

/* A comparison of a text parameter: tokens left … op … right. */
struct select_comparison {
	size_t left, op, right, end; /* indexes of tokens; the left side begins at left, … */
	bool is_in;                  /* op is IN, and right its bracket */
	bool differs;                /* <> or != */
};

struct select {
	struct tokens tokens;
	struct select_comparison *comparisons; /* owned */
	size_t n_comparisons;
};

/*
 * Reads the text. STATUS_BAD_REQUEST: it is not one SELECT that may be asked; *at is the place of
 * the fault, and err a sentence. The text must outlive *out. The caller clears *out.
 */
enum status select_read(const char *text, const struct select_dialect *dialect, struct select *out,
			const char **at, struct error *err);
void select_clear(struct select *select);

/*
 * Only for select_read: adds the comparisons of all text parameters. STATUS_BAD_REQUEST: a
 * parameter is in none that is allowed.
 */
enum status select_find_comparisons(struct select *select, const struct select_dialect *dialect,
				    const char **at, struct error *err);

/* The parameter that is only searched for, and the one that is written for it in a pattern. */
#define SELECT_SEARCH      ":q"
#define SELECT_SEARCH_LIKE SITE_QUERY_Q_LIKE
#define SELECT_LIKE_ESCAPE '!'

/* False: the parameter is a number, such as ":now", which has no collation. */
bool select_is_text(const char *param);

/* Receives the name of a parameter, such as ":sid", for each place in the order of the text. */
typedef void select_place(void *arg, const struct token *param);

/*
 * Appends the statement for the database. It calls each for every parameter that it writes. False:
 * there are more than SELECT_PLACES_MAX.
 */
bool select_write(const struct select *select, const struct select_dialect *dialect,
		  struct strbuf *out, select_place *each, void *arg);

/*
 * The name of column n that the SELECT returns; NULL after the last one. A column without a name
 * has the length 0.
 */
const struct token *select_column(const struct select *select, size_t n);

#endif
