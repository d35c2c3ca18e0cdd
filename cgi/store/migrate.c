/*
 * Migrates a database to the schema of this program, one transaction per migration. The transaction
 * also reads and sets the schema number. So after a crash, either both the migration and the number
 * are stored, or neither of them is stored. If two processes migrate at the same time, only one of
 * them applies each migration.
 */
#include <stdlib.h>

#include "store/database_site.h"
#include "store/migrations.h"
#include "store/connection.h"

#define SCHEMA_WITH_SITE 10 /* the first schema in which a database records its site */
#define SERVER_WAIT_MS                                                                             \
	(10 * 60 * 1000) /* ms to wait for another process's migration; a large table takes long */

static const struct store_key key = {.scope = KEY_DATABASE};

int store_schema(void)
{
	return migrations[migrations_count - 1].number;
}

static enum status refuse_newer(const struct connection *db, int schema, struct error *err)
{
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: the database has schema %d, but this program supports only schemas "
			 "up to %d: install a newer version of prebind, or restore a backup",
			 connection_path(db), schema, store_schema());
}

/*
 * Applies the next migration, inside the caller's transaction. *schema is set to the new schema
 * number of the database.
 */
static enum status apply_next(struct connection *db, int *schema, struct error *err)
{
	struct error why;
	int now;
	enum status status = connection_schema(db, &now, err);

	if (status != STATUS_OK)
		return status;
	if (now >= store_schema()) {
		*schema = now; /* another process has applied all migrations */
		return STATUS_OK;
	}
	const struct migration *next =
	    &(db->kind->is_server ? migrations_postgresql : migrations)[now];
	status = connection_script(db, next->sql, &why);
	if (status == STATUS_OK)
		status = connection_set_schema(db, next->number, &why);
	if (status != STATUS_OK)
		return error_set(err, status, "migration %s: %s", next->name, why.text);
	*schema = next->number;
	return STATUS_OK;
}

static enum status apply_all(struct connection *db, int *schema, struct error *err)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && *schema < store_schema()) {
		status = connection_begin(db, &key, err);
		if (status == STATUS_OK)
			status = apply_next(db, schema, err);
		if (status == STATUS_OK)
			status = connection_commit(db, err);
		else
			connection_rollback(db);
	}
	return status;
}

/* Writes nothing if the database already belongs to the site. */
static enum status claim(struct connection *db, const struct store_migration *what,
			 struct store_migration_report *report, struct error *err)
{
	if (database_site_check(db, what->site, NULL) == STATUS_OK)
		return STATUS_OK;
	enum status status = connection_begin(db, &key, err);
	if (status != STATUS_OK)
		return status;
	status = database_site_claim(db, what->site, what->adopt, &report->adopted_from, err);
	if (status == STATUS_OK)
		return connection_commit(db, err);
	connection_rollback(db);
	return status;
}

/* Refuses the database of another site before anything in it is changed. */
static enum status migrate(struct connection *db, const struct store_migration *what,
			   struct store_migration_report *report, struct error *err)
{
	int schema;
	enum status status = connection_schema(db, &schema, err);

	if (status != STATUS_OK)
		return status;
	report->from = schema;
	if (schema > store_schema())
		return refuse_newer(db, schema, err);
	if (schema >= SCHEMA_WITH_SITE)
		status = claim(db, what, report, err);
	if (status == STATUS_OK)
		status = apply_all(db, &schema, err);
	if (status == STATUS_OK && schema > store_schema())
		status = refuse_newer(db, schema, err);
	if (status == STATUS_OK)
		status = claim(db, what, report, err);
	report->to = schema;
	return status;
}

enum status store_migrate(const struct store_migration *what, struct store_migration_report *out,
			  struct error *err)
{
	struct store_migration_report report = {0};
	struct connection *db;
	enum status status = connection_location_create(what->location.database, err);

	if (status == STATUS_OK)
		status = connection_open(&what->location, CONNECTION_DURABLE, &db, NULL, err);
	if (status != STATUS_OK)
		return status;
	if (db->kind->is_server)
		connection_lock_timeout(db, SERVER_WAIT_MS);
	status = migrate(db, what, &report, err);
	connection_close(db);
	if (status == STATUS_OK && out != NULL)
		*out = report;
	else
		free(report.adopted_from);
	return status;
}
