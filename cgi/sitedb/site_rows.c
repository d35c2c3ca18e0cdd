/*
 * Reads tables of the site's own database. Each call opens and closes the database, because only
 * `prebindctl check` makes such calls, and makes only a few.
 */
#include "sitedb/site_rows.h"

#include <string.h>

#include "base/clock.h"
#include "sitedb/sitedb.h"

static enum status rows_each(const struct sitedb_source *source, const char *sql, site_row *each,
			     void *arg, struct error *err)
{
	struct sitedb_connection *connection = NULL;
	int64_t until_ms = clock_monotonic_ms() + SITEDB_ASK_MS;
	bool fresh;
	enum status status = sitedb_take(source, until_ms, &connection, &fresh, err);

	if (status != STATUS_OK)
		return status;
	status =
	    source->kind->each(sitedb_handle(connection), sql != NULL ? sql : source->kind->tables,
			       until_ms, each, arg, err);
	sitedb_give(connection, false);
	return status;
}

/* Reads the rows that sql returns. If sql is NULL, reads the names of the tables. */
static enum status rows_of(const struct site_conf *site, const char *sql, site_row *each, void *arg,
			   struct error *err)
{
	struct sitedb_source source;
	enum status status = sitedb_source_init(&source, site, site->site_database, err);

	if (status != STATUS_OK)
		return status;
	/* open a new connection, because the pool's connections are set up for statements */
	source.key[0] = '\0';
	status = rows_each(&source, sql, each, arg, err);
	sitedb_source_clear(&source);
	return status;
}

enum status site_rows_each(const struct site_conf *site, const char *sql, site_row *each, void *arg,
			   struct error *err)
{
	return rows_of(site, sql, each, arg, err);
}

enum status site_tables_each(const struct site_conf *site, site_row *each, void *arg,
			     struct error *err)
{
	return rows_of(site, NULL, each, arg, err);
}

struct wanted {
	const char *table;
	bool found;
};

static void compare(void *arg, const char *name)
{
	struct wanted *wanted = arg;

	wanted->found |= strcmp(name, wanted->table) == 0;
}

enum status site_has_table(const struct site_conf *site, const char *table, bool *out,
			   struct error *err)
{
	struct wanted wanted = {.table = table};
	enum status status = site_tables_each(site, compare, &wanted, err);

	if (status == STATUS_OK)
		*out = wanted.found;
	return status;
}
