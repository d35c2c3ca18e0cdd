/*
 * A query in the site's own database, SQLite, MariaDB, MySQL or PostgreSQL: one SELECT from a file
 * that the operator wrote. It runs read-only, under a guard that allows only a short list of
 * functions, with low limits on size and time. What a visitor sends is compared byte for byte
 * (sitedb/select.h). The caller decides which parameters and columns it may have. Thread-safe.
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
#define SITE_QUERY_ROWS_MAX    60 /* a database is asked for no more, whatever the query finds */

/*
 * :q is what a visitor searches for. In a pattern of LIKE the program writes this parameter for it,
 * so both are in spec->asked. site_query_escape_like makes its value.
 */
#define SITE_QUERY_Q_LIKE ":q_like"

struct site_query;

struct site_query_column {
	const char *name; /* as in the SELECT: `… AS user`; case does not matter */
	size_t max;       /* bytes; a longer value is an error */
	bool required;    /* the SELECT must return it; the value may be null */
};

struct site_query_spec {
	const struct site_conf *site; /* the site whose keys these are, for messages; may be NULL */
	const char *database;         /* `site_database`: a path or an address */
	const char *file;
	const char *key;          /* the configuration key, for messages */
	const char *const *asked; /* the parameters, ":sid", ":now", NULL; the first must be used */
	bool many;                /* it finds several rows; any text parameter must be used */
	const struct site_query_column *columns; /* the only columns that may be returned */
	size_t n_columns;                        /* at most SITE_QUERY_COLUMNS_MAX */
};

/*
 * Reads the file and checks it. An SQLite database is opened, too; a server is not asked yet, so a
 * site can be opened while its database is down. STATUS_BAD_REQUEST: the error begins with
 * FILE:LINE:COLUMN. STATUS_UNAVAILABLE: the database cannot be used now. The spec and all that it
 * points to must outlive the query. The caller closes *out.
 */
enum status site_query_open(const struct site_query_spec *spec, struct site_query **out,
			    struct error *err);
void site_query_close(struct site_query *query); /* no call may be in progress; NULL is allowed */

/* Asks the database whether it takes the query. Errors as for site_query_open. */
enum status site_query_check(struct site_query *query, struct error *err);

/* True if the SELECT returns spec->columns[column]. */
bool site_query_returns(const struct site_query *query, size_t column);

/*
 * The value of a parameter: a text, or the number if text is NULL. Values are in the order of
 * spec->asked.
 */
struct site_query_value {
	const char *text;
	int64_t number;
};

/* The row, in the order of spec->columns; owned. NULL: the column is not returned, or is null. */
struct site_query_row {
	char *values[SITE_QUERY_COLUMNS_MAX];
};
void site_query_row_clear(struct site_query_row *row);

/*
 * Finds the one row. STATUS_NOT_FOUND: there is none. STATUS_BAD_REQUEST: there is more than one,
 * or a value cannot be used (neither text nor integer, too long, with a NUL, not UTF-8).
 * STATUS_UNAVAILABLE: the database could not be read. The caller clears *out.
 */
enum status site_query_ask(struct site_query *query, const struct site_query_value *values,
			   struct site_query_row *out, struct error *err);

/* Appends the text so that it means only itself in a pattern of LIKE. */
void site_query_escape_like(const char *text, struct strbuf *out);

/*
 * For a spec with `many`: finds up to max rows. Rows with values that cannot be used are left out.
 * STATUS_OK also if there are none. The caller clears out[0] to out[*n - 1].
 */
enum status site_query_list(struct site_query *query, const struct site_query_value *values,
			    struct site_query_row *out, size_t max, size_t *n, struct error *err);

#endif
