/*
 * Determines from the path whether a database is SQLite or PostgreSQL, and calls the functions of
 * that kind.
 */
#include "store/connection.h"

#include "conf/site_uri.h"

static const struct database_kind *kind_of(const char *path)
{
	return site_uri_kind(path) == SITE_URI_POSTGRESQL ? &database_postgresql : &database_sqlite;
}

/* ---- locations ---- */

bool connection_location_is_server(const char *path)
{
	return kind_of(path)->is_server;
}

enum status connection_location_check(const char *path, struct error *err)
{
	const struct database_kind *kind = kind_of(path);

	return kind->location_check != NULL ? kind->location_check(path, err) : STATUS_OK;
}

enum status connection_location_beside(const char *path, struct error *err)
{
	const struct database_kind *kind = kind_of(path);

	return kind->location_beside != NULL ? kind->location_beside(path, err) : STATUS_OK;
}

enum status connection_location_room(const char *path, struct error *err)
{
	const struct database_kind *kind = kind_of(path);

	return kind->location_room != NULL ? kind->location_room(path, err) : STATUS_OK;
}

enum status connection_location_create(const char *path, struct error *err)
{
	const struct database_kind *kind = kind_of(path);

	return kind->location_create != NULL ? kind->location_create(path, err) : STATUS_OK;
}

bool connection_location_on_network(const char *path)
{
	const struct database_kind *kind = kind_of(path);

	return kind->location_on_network != NULL && kind->location_on_network(path);
}

/* ---- connections ---- */

enum status connection_open(const struct store_location *location, enum connection_kind kind,
			    struct connection **out, enum connection_fault *fault,
			    struct error *err)
{
	return kind_of(location->database)->open(location, kind, out, fault, err);
}

void connection_close(struct connection *db)
{
	if (db != NULL)
		db->kind->close(db);
}

enum connection_fault connection_fault(const struct connection *db)
{
	return db->fault;
}

const char *connection_path(const struct connection *db)
{
	return db->path;
}

int connection_schema_opened(const struct connection *db)
{
	return db->schema;
}

bool connection_current(const struct connection *db)
{
	return db->kind->current(db);
}

enum status connection_script(struct connection *db, const char *sql, struct error *err)
{
	return db->kind->script(db, sql, err);
}

enum status connection_ask(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err)
{
	return db->kind->ask(db, sql, number, text, err);
}

enum status connection_verify(struct connection *db, struct error *err)
{
	return db->kind->verify(db, err);
}

void connection_lock_timeout(struct connection *db, int milliseconds)
{
	if (db->kind->lock_timeout != NULL)
		db->kind->lock_timeout(db, milliseconds);
}

enum status connection_begin(struct connection *db, const struct store_key *key, struct error *err)
{
	return db->kind->begin(db, key, err);
}

enum status connection_commit(struct connection *db, struct error *err)
{
	return db->kind->commit(db, err);
}

void connection_rollback(struct connection *db)
{
	db->kind->rollback(db);
}

void connection_reset(struct connection *db)
{
	db->kind->reset(db);
}

enum status connection_clock(struct connection *db, int64_t own_us, int64_t *out_us,
			     struct error *err)
{
	if (db->kind->clock != NULL)
		return db->kind->clock(db, out_us, err);
	*out_us = own_us;
	return STATUS_OK;
}

enum status connection_clock_s(struct connection *db, int64_t own, int64_t *out, struct error *err)
{
	int64_t us = 0;
	enum status status = connection_clock(db, own * 1000000, &us, err);

	if (status == STATUS_OK)
		*out = us / 1000000;
	return status;
}

enum status connection_copy(struct connection *db, const char *file, struct error *err)
{
	return db->kind->copy(db, file, err);
}

enum status connection_lock_out(struct connection *db, struct error *err)
{
	return db->kind->lock_out(db, err);
}

enum status connection_schema(struct connection *db, int *out, struct error *err)
{
	return db->kind->schema(db, out, err);
}

enum status connection_set_schema(struct connection *db, int number, struct error *err)
{
	return db->kind->set_schema(db, number, err);
}

enum status connection_find(struct connection *db, enum query query, struct values values,
			    void *row, struct error *err)
{
	return db->kind->find(db, query, values, row, err);
}

enum status connection_run(struct connection *db, enum query query, struct values values,
			   int *changed, struct error *err)
{
	return db->kind->run(db, query, values, changed, err);
}

enum status connection_list(struct connection *db, enum query query, struct values values,
			    struct row_list *list, struct error *err)
{
	return db->kind->list(db, query, values, list, err);
}
