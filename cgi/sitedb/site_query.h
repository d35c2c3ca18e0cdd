/*
 * A query in the site's own database (SQLite, MariaDB, MySQL or PostgreSQL). It is one SELECT from
 * a file that the operator wrote. It runs read-only, can call only a short list of functions, and
 * has low limits on size and time. What a visitor sends is compared byte for byte
 * (sitedb/select.h). The caller decides which parameters and columns are allowed. Thread-safe.
 */
#ifndef SITEDB_SITE_QUERY_H
#define SITEDB_SITE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

#define SITE_QUERY_COLUMNS_MAX 8
#define SITE_QUERY_ROWS_MAX    60 /* rows of a search; a server gets this limit, or rows_max */

/*
 * :q is the text that a visitor searches for. In a pattern of LIKE the program replaces it with
 * this parameter, so both are in spec->asked. site_query_escape_like makes the value of this
 * parameter.
 */
#define SITE_QUERY_Q_LIKE ":q_like"

struct site_query;

struct site_query_column {
	const char *name; /* the name in the SELECT, as in `… AS user`, in any case */
	size_t max;       /* in bytes; a longer value is an error */
	bool required;    /* the SELECT must return it, but the value can be null */
};

struct site_query_spec {
	const struct site_conf *site; /* the site that the keys belong to; can be NULL */
	const char *database;         /* the value of `site_database`: a path or an address */
	const char *file;
	const char *key;          /* the configuration key, for messages */
	const char *const *asked; /* parameters, such as ":sid", NULL; the first must be used */
	bool many;                /* can find several rows; one text parameter must be used */
	size_t rows_max;          /* rows that are read; 0 for SITE_QUERY_ROWS_MAX */
	const struct site_query_column *columns; /* the query can return only these columns */
	size_t n_columns;                        /* at most SITE_QUERY_COLUMNS_MAX */
};

/*
 * Reads the file and checks it. An SQLite database is opened, too. A server is not asked yet, so
 * that a site can be opened while its database is down. If the query is at fault, returns
 * STATUS_BAD_REQUEST, and the error begins with FILE:LINE:COLUMN. Returns STATUS_UNAVAILABLE if the
 * database cannot be used now. The spec and everything that it points to must outlive the query.
 * The caller closes *out.
 */
enum status site_query_open(const struct site_query_spec *spec, struct site_query **out,
			    struct error *err);
void site_query_close(struct site_query *query); /* takes NULL; no call must be in progress */

/* Checks that the database accepts the query. The errors are those of site_query_open. */
enum status site_query_check(struct site_query *query, struct error *err);

/* Returns true if the SELECT returns spec->columns[column]. */
bool site_query_returns(const struct site_query *query, size_t column);

/*
 * The value of a parameter: a text, or the number if text is NULL. Values are in the order of
 * spec->asked.
 */
struct site_query_value {
	const char *text;
	int64_t number;
};

/*
 * A row, with owned values in the order of spec->columns. A value is NULL if the column is not
 * returned, or is null.
 */
struct site_query_row {
	char *values[SITE_QUERY_COLUMNS_MAX];
};
void site_query_row_clear(struct site_query_row *row);

/*
 * Runs a query that must find one row. Returns STATUS_NOT_FOUND if there is none. Returns
 * STATUS_BAD_REQUEST if there is more than one, or a value cannot be used (neither text nor
 * integer, too long, with a NUL, not UTF-8). Returns STATUS_UNAVAILABLE if the database could not
 * be read. The caller clears *out.
 */
enum status site_query_ask(struct site_query *query, const struct site_query_value *values,
			   struct site_query_row *out, struct error *err);

/* Appends the text with escapes, so that it matches only itself in a pattern of LIKE. */
void site_query_escape_like(const char *text, struct strbuf *out);

/*
 * For a spec with `many`: finds up to max rows. Rows with values that cannot be used are left out.
 * Returns STATUS_OK even if there are no rows. The caller clears out[0] to out[*n - 1].
 */
enum status site_query_list(struct site_query *query, const struct site_query_value *values,
			    struct site_query_row *out, size_t max, size_t *n, struct error *err);

#endif
