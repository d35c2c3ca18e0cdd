/*
 * Bringing a database to the schema of this program, one migration a transaction. The schema's
 * number is set in the same transaction, so that a crash leaves either both or neither, and is read
 * in it, so that of two that run at the same time one does the work and the other finds it done.
 */
#include "store/database_file.h"
#include "store/migrations.h"
#include "store/statement.h"

int store_schema(void)
{
	return migrations[migrations_count - 1].number;
}

static enum status refuse_newer(const struct connection *db, int schema, struct error *err)
{
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: the database has schema %d, this program knows %d: install the "
			 "newer program, or restore a backup",
			 connection_path(db), schema, store_schema());
}

/* The migration that comes next, inside a transaction; *schema is then the database's number. */
static enum status apply_next(struct connection *db, int *schema, struct error *err)
{
	struct error why;
	int now;
	enum status status = connection_schema(db, &now, err);

	if (status != STATUS_OK)
		return status;
	if (now >= store_schema()) {
		*schema = now; /* somebody else was faster */
		return STATUS_OK;
	}
	const struct migration *next = &migrations[now];
	status = connection_script(db, next->sql, &why);
	if (status == STATUS_OK)
		status = connection_set_schema(db, next->number, &why);
	if (status != STATUS_OK)
		return error_set(err, status, "migration %s: %s", next->name, why.text);
	*schema = next->number;
	return STATUS_OK;
}

static enum status migrate(struct connection *db, struct store_migration_report *report,
			   struct error *err)
{
	int schema;
	enum status status = connection_schema(db, &schema, err);

	if (status != STATUS_OK)
		return status;
	report->from = schema;
	while (status == STATUS_OK && schema < store_schema()) {
		status = connection_begin(db, err);
		if (status == STATUS_OK)
			status = apply_next(db, &schema, err);
		if (status == STATUS_OK)
			status = connection_commit(db, err);
		else
			connection_rollback(db);
	}
	if (status == STATUS_OK && schema > store_schema())
		status = refuse_newer(db, schema, err);
	report->to = schema;
	return status;
}

enum status store_migrate(const char *path, struct store_migration_report *out, struct error *err)
{
	struct store_migration_report report;
	struct connection *db;
	enum status status = database_file_create(path, err);

	if (status == STATUS_OK)
		status = connection_open(path, CONNECTION_DURABLE, &db, NULL, err);
	if (status != STATUS_OK)
		return status;
	status = migrate(db, &report, err);
	connection_close(db);
	if (status == STATUS_OK && out != NULL)
		*out = report;
	return status;
}
