/*
 * A look into tables of the site's own database whose names the program knows, for `prebindctl
 * check`. Nothing is changed; a query that a page waits for is store/site_query.h's.
 */
#ifndef STORE_SITE_ROWS_H
#define STORE_SITE_ROWS_H

#include <stdbool.h>

#include "base/error.h"

/* STATUS_UNAVAILABLE: could not look. */
enum status site_has_table(const char *database, const char *table, bool *out, struct error *err);

/* Gets the first column of each row; text is borrowed until it returns, "" for null. */
typedef void site_row(void *arg, const char *text);

/* sql: constant, with a LIMIT. Stopped when it takes too long. Errors as above. */
enum status site_rows_each(const char *database, const char *sql, site_row *each, void *arg,
			   struct error *err);

#endif
