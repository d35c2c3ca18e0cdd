/*
 * A query in the site's own database: one SELECT out of a file that the operator wrote, run
 * read-only under a guard (SEC-SQL-1 … 8). It is checked when it is opened; what it may be asked
 * and what it may return is said by its caller. Thread-safe.
 */
#ifndef STORE_SITE_QUERY_H
#define STORE_SITE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"

#define SITE_QUERY_COLUMNS_MAX 8

struct site_query;

struct site_query_column {
	const char *name; /* as the SELECT names it: `… AS user`; case does not matter */
	size_t max;       /* bytes; a longer value is refused */
	bool required;    /* the SELECT must return it (it may be null) */
};

struct site_query_spec {
	const struct site_conf *site; /* whose keys they are, for messages; NULL: nobody's */
	const char *database;
	const char *file;
	const char *key;          /* of the configuration, for messages */
	const char *const *asked; /* ":sid", ":now", NULL: the parameters; the first must be used */
	const struct site_query_column *columns; /* what may be returned, and no other */
	size_t n_columns;                        /* at most SITE_QUERY_COLUMNS_MAX */
};

/*
 * Reads the file and checks it against the database. STATUS_BAD_REQUEST: the sentence begins with
 * FILE:LINE:COLUMN. STATUS_UNAVAILABLE: the database cannot be used now. The spec and what it
 * points to must outlive the query. The caller closes *out.
 */
enum status site_query_open(const struct site_query_spec *spec, struct site_query **out,
			    struct error *err);
void site_query_close(struct site_query *query); /* nobody may be asking; takes NULL */

/* Does the SELECT return that one of spec->columns? */
bool site_query_returns(const struct site_query *query, size_t column);

/* A value for a parameter: a text, or, for NULL, a number. In the order of spec->asked. */
struct site_query_value {
	const char *text;
	int64_t number;
};

/* The row, in the order of spec->columns; NULL: not returned, or null. */
struct site_query_row {
	char *values[SITE_QUERY_COLUMNS_MAX];
};
void site_query_row_clear(struct site_query_row *row);

/*
 * The one row there is. STATUS_NOT_FOUND: none. STATUS_BAD_REQUEST: more than one, or a value that
 * cannot be used (no text or number, too long, a NUL in it, no UTF-8). STATUS_UNAVAILABLE: could
 * not look. The caller clears *out.
 */
enum status site_query_ask(struct site_query *query, const struct site_query_value *values,
			   struct site_query_row *out, struct error *err);

#endif
