/*
 * Sets up a connection before the first query: checks that the database is ours, reads its schema,
 * and chooses its journal mode. All pragmas are in this file. The other sqlite_*.c files call
 * SQLite's functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/blocking.h"
#include "store/sqlite.h"

#define APPLICATION_ID   0x70726264 /* "prbd"; marks the files of this program */
#define JOURNAL_RETRY_MS 10
#define JOURNAL_MS       2000 /* as long as the lock timeout */

enum status sqlite_schema(struct connection *db, int *out, struct error *err)
{
	int application, schema, tables = 0;
	enum status status = sqlite_ask(db, "PRAGMA application_id", &application, NULL, err);

	if (status == STATUS_OK && application != APPLICATION_ID)
		status = sqlite_ask(db, "SELECT count(*) FROM sqlite_schema", &tables, NULL, err);
	if (status == STATUS_OK)
		status = sqlite_ask(db, "PRAGMA user_version", &schema, NULL, err);
	/*
	 * Read the id again. A migration that commits meanwhile can make the file a database of
	 * this program, but never a database of another program.
	 */
	if (status == STATUS_OK && application != APPLICATION_ID)
		status = sqlite_ask(db, "PRAGMA application_id", &application, NULL, err);
	if (status != STATUS_OK)
		return status;
	if (application != APPLICATION_ID && (application != 0 || schema != 0 || tables != 0))
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: this database belongs to another program: set the key "
				 "`database` to a file that only prebind uses",
				 connection_path(db));
	*out = schema;
	return STATUS_OK;
}

enum status sqlite_set_schema(struct connection *db, int number, struct error *err)
{
	char sql[96]; /* pragmas take no parameters; both numbers are our own constants */

	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, number);
	return sqlite_script(db, sql, err);
}

enum status connection_check_foreign(struct connection *db, struct error *err)
{
	int application;
	enum status status = sqlite_ask(db, "PRAGMA application_id", &application, NULL, err);

	if (status == STATUS_OK && application == APPLICATION_ID)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "%s: this is a database of prebind: set the key `site_database` "
				   "to the database that the site itself uses",
				   connection_path(db));
	return status;
}

/*
 * Switches the journal mode. A switch to or from WAL needs exclusive access for a moment, and
 * SQLite usually does not wait for that access. So this function tries again until JOURNAL_MS have
 * passed. If SQLite does wait, one attempt can take all of that time.
 */
static enum status set_journal(struct connection *db, const char *sql, struct error *err)
{
	for (int64_t deadline = clock_monotonic_ms() + JOURNAL_MS;;) {
		enum status status = sqlite_script(db, sql, err);
		if (status == STATUS_OK || connection_fault(db) != FAULT_BUSY ||
		    clock_left_ms(deadline) == 0 || !blocking_sleep(JOURNAL_RETRY_MS))
			return status;
	}
}

/*
 * Chooses the write-ahead log (WAL) if its shared memory works. Shared memory does not work on a
 * network file system, so a database on such a file system gets a rollback journal. A file that
 * cannot be written keeps its journal mode, so that sessions can still be read.
 */
static enum status choose_journal(struct connection *db, struct error *err)
{
	bool network = sqlite_location_on_network(connection_path(db));
	char *mode;
	enum status status = sqlite_ask(db, "PRAGMA journal_mode", NULL, &mode, err);

	if (status != STATUS_OK)
		return status;
	bool is_wal = strcmp(mode, "wal") == 0;
	free(mode);
	if (network && is_wal)
		status = set_journal(db, "PRAGMA journal_mode = DELETE", err);
	else if (!network && !is_wal)
		is_wal = set_journal(db, "PRAGMA journal_mode = WAL", NULL) == STATUS_OK;
	if (status != STATUS_OK)
		return status;
	return sqlite_script(
	    db, is_wal && !network ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = EXTRA",
	    err);
}

enum status sqlite_set_up(struct connection *db, enum connection_kind kind, int *schema,
			  struct error *err)
{
	enum status status = sqlite_script(db,
					   "PRAGMA mmap_size = 0;"
					   "PRAGMA cell_size_check = ON;"
					   "PRAGMA foreign_keys = ON;"
					   "PRAGMA temp_store = MEMORY;"
					   "PRAGMA secure_delete = FAST;"
					   "PRAGMA journal_size_limit = 16777216",
					   err);

	if (status == STATUS_OK)
		/* Check the schema first, because setting the journal mode writes to the file. */
		status = sqlite_schema(db, schema, err);
	if (status != STATUS_OK)
		return status;
	/*
	 * Leave an empty database as it is. The database will be refused or migrated, and the next
	 * connection chooses its journal mode.
	 */
	if (kind == CONNECTION_DURABLE)
		return *schema != 0 ? choose_journal(db, err) : STATUS_OK;
	/*
	 * With a journal in memory, no journal file remains when the database is deleted. 16384
	 * pages are 64 MiB.
	 */
	return sqlite_script(db,
			     "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
			     "PRAGMA max_page_count = 16384",
			     err);
}
