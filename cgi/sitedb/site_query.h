/*
 * A query in the site's own database (SQLite, MariaDB, MySQL or PostgreSQL). It is one SELECT from
 * a file that the operator wrote. It can only read, can call only a short list of functions, and
 * has tight limits on size and time. Strings from a visitor are compared byte for byte
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
/* maximum rows of a search on a server, unless spec->rows_max sets another maximum */
#define SITE_QUERY_ROWS_MAX 60

/*
 * :q is the string that a visitor searches for. In a LIKE pattern, prebind replaces :q with the
 * parameter :q_like, so both must be in spec->asked. site_query_escape_like makes the value of
 * :q_like.
 */
#define SITE_QUERY_Q_LIKE ":q_like"

struct site_query;

struct site_query_column {
	const char *name; /* the name after AS in the SELECT, compared without regard to case */
	size_t max;       /* maximum bytes; a longer value is an error */
	bool required;    /* true if the SELECT must return this column; its value can be null */
};

struct site_query_spec {
	const struct site_conf *site; /* error messages name keys of this site; can be NULL */
	/* the value of `site_database`: a path, or a URI as in conf/site_uri.h */
	const char *database;
	const char *file;
	const char *key; /* the name of the configuration key, for messages */
	/* allowed parameters, such as ":sid"; ends with NULL; the query must use the first */
	const char *const *asked;
	/*
	 * true if the query can find several rows; it can then use any string parameter instead of
	 * the first parameter
	 */
	bool many;
	size_t rows_max; /* maximum rows that are read; 0 for SITE_QUERY_ROWS_MAX */
	/* the columns that the query is allowed to return */
	const struct site_query_column *columns;
	size_t n_columns; /* at most SITE_QUERY_COLUMNS_MAX */
};

/*
 * Reads the file and checks the query. An SQLite database is also opened. A server is not contacted
 * yet, so that a site can be opened while its database is down. If the query is wrong, returns
 * STATUS_BAD_REQUEST and an error that begins with FILE:LINE:COLUMN. Returns STATUS_UNAVAILABLE if
 * the database cannot be used now. The spec and everything that it points to must outlive the
 * query. The caller closes *out.
 */
enum status site_query_open(const struct site_query_spec *spec, struct site_query **out,
			    struct error *err);
/* takes NULL; must not be called while another call uses the query */
void site_query_close(struct site_query *query);

/* Checks that the database accepts the query. The errors are those of site_query_open. */
enum status site_query_check(struct site_query *query, struct error *err);

/* Returns true if the SELECT returns spec->columns[column]. */
bool site_query_returns(const struct site_query *query, size_t column);

/*
 * The value of a parameter: the string `text` or, if text is NULL, the number. An array of values
 * has the order of spec->asked.
 */
struct site_query_value {
	const char *text;
	int64_t number;
};

/*
 * A row. The values are owned and in the order of spec->columns. A value is NULL if it is null in
 * the row, or if the query does not return the column.
 */
struct site_query_row {
	char *values[SITE_QUERY_COLUMNS_MAX];
};
void site_query_row_clear(struct site_query_row *row);

/*
 * Runs a query that must find exactly one row. Returns STATUS_NOT_FOUND if there is no row. Returns
 * STATUS_BAD_REQUEST if there are several rows, or a value cannot be used (neither string nor
 * integer, too long, with a NUL, not UTF-8). Returns STATUS_UNAVAILABLE if the database could not
 * be read. The caller clears *out.
 */
enum status site_query_ask(struct site_query *query, const struct site_query_value *values,
			   struct site_query_row *out, struct error *err);

/* Appends the text with escapes, so that it matches only itself as a LIKE pattern. */
void site_query_escape_like(const char *text, struct strbuf *out);

/*
 * Runs a query whose spec has `many` set, and returns up to max rows. Skips rows with values that
 * cannot be used. Returns STATUS_OK even if there are no rows. The caller clears out[0] to out[*n -
 * 1].
 */
enum status site_query_list(struct site_query *query, const struct site_query_value *values,
			    struct site_query_row *out, size_t max, size_t *n, struct error *err);

#endif
