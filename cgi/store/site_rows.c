/*
 * Each call opens and closes the database, because `prebindctl check` makes only two.
 */
#include "store/site_rows.h"

#include <string.h>

#include "store/foreign.h"

#define BUDGET_MS 1000 /* the operator waits, not a page */

enum status site_rows_each(const char *database, const char *sql, site_row *each, void *arg,
			   struct error *err)
{
	struct connection *db = NULL;
	enum status status = connection_open_foreign(database, &db, err);

	if (status != STATUS_OK)
		return status;
	connection_budget(db, BUDGET_MS);
	status = connection_each(db, sql, each, arg, err);
	connection_close(db);
	return status;
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

enum status site_has_table(const char *database, const char *table, bool *out, struct error *err)
{
	struct wanted wanted = {.table = table};
	enum status status = site_rows_each(
	    database, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", compare,
	    &wanted, err);

	if (status == STATUS_OK)
		*out = wanted.found;
	return status;
}
