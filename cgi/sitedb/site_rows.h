/*
 * Reads tables of the site's own database whose names the program knows, for `prebindctl check`. It
 * changes nothing. Queries that a page waits for are in sitedb/site_query.h.
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

/* Receives the first column of each row. text is borrowed for the call; null becomes "". */
typedef void site_row(void *arg, const char *text);

/* Calls `each` with the name of every table. The errors are those of site_has_table. */
enum status site_tables_each(const struct site_conf *site, site_row *each, void *arg,
			     struct error *err);

/*
 * Calls `each` for every row of sql, which comes from this program and has a LIMIT. The query is
 * stopped if it takes too long. The errors are those of site_has_table.
 */
enum status site_rows_each(const struct site_conf *site, const char *sql, site_row *each, void *arg,
			   struct error *err);

#endif
