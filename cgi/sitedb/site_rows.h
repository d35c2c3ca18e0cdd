/*
 * For `prebindctl check`: reads tables of the site's own database whose names prebind knows. It
 * changes nothing. For queries that a page waits for, see sitedb/site_query.h.
 */
#ifndef SITEDB_SITE_ROWS_H
#define SITEDB_SITE_ROWS_H

#include <stdbool.h>

#include "base/error.h"
#include "conf/conf.h"

/*
 * Sets *out to true if the table exists. Returns STATUS_UNAVAILABLE if the database could not be
 * read.
 */
enum status site_has_table(const struct site_conf *site, const char *table, bool *out,
			   struct error *err);

/*
 * Receives the first column of a row, or "" if the column is null. text is borrowed during the
 * call.
 */
typedef void site_row(void *arg, const char *text);

/* Calls `each` with the name of every table. The errors are those of site_has_table. */
enum status site_tables_each(const struct site_conf *site, site_row *each, void *arg,
			     struct error *err);

/*
 * Calls `each` for every row that sql returns. sql is made by prebind and has a LIMIT. A query that
 * takes too long is stopped. The errors are those of site_has_table.
 */
enum status site_rows_each(const struct site_conf *site, const char *sql, site_row *each, void *arg,
			   struct error *err);

#endif
