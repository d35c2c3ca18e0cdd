/*
 * Reads a whole table, and writes its rows. copied.h lists the columns of each table, so one
 * function copies every table.
 */
#include "store/copy.h"

#include <string.h>
#include <sys/stat.h>

#include "store/connection.h"
#include "store/copied.h"
#include "store/database_site.h"

#define COPY_MS (10 * 60 * 1000) /* time limit for one statement, in ms */

static const struct {
	const char *name;
	enum query read, write;
} tables[STORE_COPY_TABLES] = {
    {"site_user",        QUERY_COPY_READ_USER,             QUERY_COPY_WRITE_USER            },
    {"login_session",    QUERY_COPY_READ_SESSION,          QUERY_COPY_WRITE_SESSION         },
    {"jid_map",          QUERY_COPY_READ_JID_MAP,          QUERY_COPY_WRITE_JID_MAP         },
    {"site_key",         QUERY_COPY_READ_SITE_KEY,         QUERY_COPY_WRITE_SITE_KEY        },
    {"gateway_caller",   QUERY_COPY_READ_ADHOC_CALLER,     QUERY_COPY_WRITE_ADHOC_CALLER    },
    {"used_nonce",       QUERY_COPY_READ_USED_NONCE,       QUERY_COPY_WRITE_USED_NONCE      },
    {"token_revocation", QUERY_COPY_READ_TOKEN_REVOCATION, QUERY_COPY_WRITE_TOKEN_REVOCATION},
    {"jid_claim",        QUERY_COPY_READ_JID_CLAIM,        QUERY_COPY_WRITE_JID_CLAIM       },
    {"provisioned",      QUERY_COPY_READ_PROVISIONED,      QUERY_COPY_WRITE_PROVISIONED     },
};

static const struct store_key key = {.scope = KEY_DATABASE};

/* ---- rows ---- */

static struct value cell_of(const struct copied_row *row, const struct column *column)
{
	static const unsigned char nothing[SECRET_SHA256_LEN];
	const char *member = (const char *)row + column->offset;
	int64_t number;
	char *text;

	switch (column->kind & ~KIND_OR_NULL) {
	case KIND_INTEGER:
		memcpy(&number, member, sizeof(number));
		return as_integer(number);
	case KIND_BLOB:
		if ((column->kind & KIND_OR_NULL) != 0 &&
		    memcmp(member, nothing, sizeof(nothing)) == 0)
			return as_blob(NULL, 0);
		return as_blob(member, column->size);
	default:
		memcpy(&text, member, sizeof(text));
		return as_text(text);
	}
}

static enum status write_row(struct connection *to, size_t table, const struct copied_row *row,
			     struct error *err)
{
	const struct row_type *type = queries[tables[table].read].row;
	struct value cells[ROW_COLUMNS_MAX];

	for (size_t i = 0; i < type->count; i++)
		cells[i] = cell_of(row, &type->columns[i]);
	return connection_run(to, tables[table].write, (struct values){cells, type->count}, NULL,
			      err);
}

static enum status copy_table(struct connection *from, struct connection *to, size_t table,
			      size_t *rows, struct error *err)
{
	struct row_list list = {0};
	struct error why = {0};
	enum status status = connection_list(from, tables[table].read, NO_VALUES, &list, &why);
	const struct copied_row *copied = list.rows;

	for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
		status = write_row(to, table, &copied[i], &why);
	*rows = list.count;
	row_list_clear(&list);
	return status == STATUS_OK
		   ? status
		   : error_set(err, status, "table %s: %s", tables[table].name, why.text);
}

/* ---- both databases ---- */

static enum status refuse_rows(struct connection *to, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < STORE_COPY_TABLES && status == STATUS_OK; i++) {
		struct row_list list = {0};

		status = connection_list(to, tables[i].read, NO_VALUES, &list, err);
		if (status == STATUS_OK && list.count > 0)
			status = error_set(err, STATUS_CONFLICT,
					   "%s: the table %s already has rows, so nothing was "
					   "copied: set the key `database` to an empty database",
					   connection_path(to), tables[i].name);
		row_list_clear(&list);
	}
	return status;
}

/*
 * Advances the sequence of site_user.id on a server, so that new users get ids above the copied
 * ids.
 */
static enum status number_on(struct connection *to, struct error *err)
{
	if (!to->kind->is_server)
		return STATUS_OK;
	return connection_script(to,
				 "SELECT setval(pg_get_serial_sequence('site_user', 'id'),"
				 " greatest((SELECT max(id) FROM site_user), 1))",
				 err);
}

static enum status copy_all(struct store_copy *what, struct connection *from, struct connection *to,
			    struct error *err)
{
	enum status status = refuse_rows(to, err);

	for (size_t i = 0; i < STORE_COPY_TABLES && status == STATUS_OK; i++) {
		what->copied[i].table = tables[i].name;
		status = copy_table(from, to, i, &what->copied[i].rows, err);
	}
	return status == STATUS_OK ? number_on(to, err) : status;
}

static enum status open_source(const struct store_copy *what, struct connection **out,
			       struct error *err)
{
	struct connection *db = NULL;
	enum status status = connection_open(&what->from, CONNECTION_DURABLE, &db, NULL, err);

	if (status == STATUS_OK && connection_schema_opened(db) != store_schema())
		status = error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s has schema %d, but only a database with schema %d can be copied; set the "
		    "key `database` to this database, run prebindctl migrate, and set the key back",
		    connection_path(db), connection_schema_opened(db), store_schema());
	if (status == STATUS_OK)
		status = database_site_check(db, what->site, err);
	if (status == STATUS_OK)
		*out = db;
	else
		connection_close(db);
	return status;
}

/*
 * Turns off the limit on a transaction's idle time, because each of the two connections is idle
 * while the other connection works.
 */
static enum status may_be_idle(struct connection *db, struct error *err)
{
	if (!db->kind->is_server)
		return STATUS_OK;
	return connection_script(db, "SET LOCAL idle_in_transaction_session_timeout = 0", err);
}

/*
 * Stops all writes to the source until the copy ends. For an SQLite file an open write transaction
 * is enough. On a server the tables must be locked.
 */
static enum status hold_still(struct connection *from, struct error *err)
{
	if (from->kind->is_server)
		connection_lock_timeout(from, COPY_MS);
	enum status status = connection_begin(from, &key, err);
	if (status == STATUS_OK)
		status = may_be_idle(from, err);
	if (status == STATUS_OK && from->kind->is_server)
		status = connection_script(
		    from,
		    "LOCK TABLE site_user, login_session, jid_map, site_key, gateway_caller,"
		    " used_nonce, token_revocation, jid_claim, provisioned IN SHARE MODE",
		    err);
	return status;
}

static enum status copy_into(struct store_copy *what, struct connection *from, struct error *err)
{
	struct connection *to = NULL;
	enum status status = connection_open(&what->to, CONNECTION_DURABLE, &to, NULL, err);

	if (status != STATUS_OK)
		return status;
	if (to->kind->is_server)
		connection_lock_timeout(to, COPY_MS);
	status = connection_begin(to, &key, err);
	if (status == STATUS_OK)
		status = may_be_idle(to, err);
	if (status == STATUS_OK)
		status = copy_all(what, from, to, err);
	if (status == STATUS_OK)
		status = connection_commit(to, err);
	else
		connection_rollback(to);
	connection_close(to);
	return status;
}

/* Refuses to copy a database to itself, because the copy would wait for its own lock. */
static enum status refuse_itself(const struct store_copy *what, struct error *err)
{
	const char *from = what->from.database, *to = what->to.database;
	struct stat a, b;
	bool same = strcmp(from, to) == 0 || (stat(from, &a) == 0 && stat(to, &b) == 0 &&
					      a.st_dev == b.st_dev && a.st_ino == b.st_ino);

	if (!same)
		return STATUS_OK;
	return error_set(err, STATUS_CONFLICT,
			 "%s is already the database of [site %s]: specify another database, from "
			 "which the rows are to be copied",
			 from, what->site);
}

enum status store_copy(struct store_copy *what, struct error *err)
{
	const struct store_migration migration = {.location = what->to, .site = what->site};
	struct connection *from = NULL;
	enum status status = refuse_itself(what, err);

	if (status == STATUS_OK)
		status = open_source(what, &from, err);
	if (status != STATUS_OK)
		return status;
	status = hold_still(from, err);
	if (status == STATUS_OK)
		status = store_migrate(&migration, NULL, err);
	if (status == STATUS_OK)
		status = copy_into(what, from, err);
	connection_rollback(from);
	connection_close(from);
	return status;
}
