/*
 * A connection to our own database. Each kind of database implements these functions:
 * sqlite_connection.c, sqlite_setup.c and sqlite_statement.c do so with SQLite. Another kind would
 * do so with its own library, and with its own SQL in sql.c. Internal to store/.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <stdbool.h>

#include "store/query.h"

/* A struct connection is used by one thread at a time. */

/*
 * ---- the place of a database, without a connection: sqlite_file.c ----
 *
 * For SQLite the place is the path of its file.
 */

/* Checks that this user may use the database. The error names the command that corrects it. */
enum status connection_place_check(const char *path, struct error *err);

/*
 * Checks what belongs to a database and lies beside it, if it exists: SQLite's -wal, -shm and
 * -journal, and .limits. The error names the command that corrects it.
 */
enum status connection_place_beside(const char *path, struct error *err);

/* Checks that there is room for more rows; leaves nothing there. */
enum status connection_place_room(const char *path, struct error *err);

/*
 * Makes an empty database for its owner alone if none exists. If root calls it, the file belongs to
 * the owner of the directory.
 */
enum status connection_place_create(const char *path, struct error *err);

/* True if locks and shared memory may be unreliable there: a network or shared file system. */
bool connection_place_on_network(const char *path);

/* ---- connections: sqlite_connection.c ---- */

/* How durable a database is. */
enum connection_kind {
	CONNECTION_DURABLE,   /* committed data survives a power failure */
	CONNECTION_DISPOSABLE /* may be lost: fast, small, with a short wait for locks */
};

/* The kind of the last failure, as far as a caller acts on it. */
enum connection_trouble {
	TROUBLE_NONE,
	TROUBLE_BUSY,   /* locked by another connection for longer than we wait */
	TROUBLE_FULL,   /* no space left on the disk, or in this kind of database */
	TROUBLE_DAMAGED /* the file is not a sound database of this program */
};

/*
 * Opens an existing file that only its owner can use (see sqlite.h). A database of another
 * program is refused before it is changed. The caller owns *out. On failure *trouble is set;
 * trouble may be NULL.
 */
enum status connection_open(const char *path, enum connection_kind kind, struct connection **out,
			    enum connection_trouble *trouble, struct error *err);
void connection_close(struct connection *db); /* NULL is allowed */

/* The kind of the last failure. TROUBLE_DAMAGED stays. */
enum connection_trouble connection_trouble(const struct connection *db);

const char *connection_path(const struct connection *db);

/* The schema number when the connection was opened. */
int connection_schema_opened(const struct connection *db);

/* True if the path still leads to the file that was opened: it was neither deleted nor replaced. */
bool connection_current(const struct connection *db);

/* Runs constant SQL of this program, such as a migration; never SQL that is built from data. */
enum status connection_script(struct connection *db, const char *sql, struct error *err);

/*
 * Like connection_script, but returns the first column of the first row as a number, a text that
 * the caller frees, or both. Either may be NULL.
 */
enum status connection_ask(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err);

/*
 * Checks that the file is sound. The check stops after two seconds, so that a big file does not
 * delay a start.
 */
enum status connection_verify(struct connection *db, struct error *err);

/* Sets how long to wait for another writer. store_return restores the usual time. */
void connection_patience(struct connection *db, int milliseconds);

/* Begins a write transaction: there is no other writer until it ends. */
enum status connection_begin(struct connection *db, struct error *err);
enum status connection_commit(struct connection *db, struct error *err); /* rolls back on failure */
void connection_rollback(struct connection *db); /* does nothing if none is open */
void connection_reset(struct connection *db);    /* resets statements, rolls back */

/*
 * Copies the database to a file that exists and is empty. Others may write meanwhile; the copy is
 * the state of one moment.
 */
enum status connection_copy(struct connection *db, const char *file, struct error *err);

/*
 * Locks everybody else out until the connection is closed. STATUS_BUSY: another connection has the
 * database open.
 */
enum status connection_lock_out(struct connection *db, struct error *err);

/* ---- how a database is set up: sqlite_setup.c ---- */

/* connection_open calls it once. *schema: see connection_schema. */
enum status connection_set_up(struct connection *db, enum connection_kind kind, int *schema,
			      struct error *err);

/* The number of the schema; 0 for an empty database. A database of another program is refused. */
enum status connection_schema(struct connection *db, int *out, struct error *err);
enum status connection_set_schema(struct connection *db, int number, struct error *err);

/*
 * Refuses a database of prebind where the site's own is expected: it may belong to another site,
 * and the query of this one must not read its logins and passwords.
 */
enum status connection_check_foreign(struct connection *db, struct error *err);

/* ---- the queries of sql.c: sqlite_statement.c ---- */

/*
 * These do the same as store_find and store_run, inside the caller's transaction. After
 * connection_find the statement may hold the read lock until connection_reset.
 */
enum status connection_find(struct connection *db, enum query query, struct values values,
			    void *row, struct error *err);
enum status connection_run(struct connection *db, enum query query, struct values values,
			   int *changed, struct error *err);

/* list->rows and count are 0 at first. The caller clears the list, also after a failure. */
enum status connection_list(struct connection *db, enum query query, struct values values,
			    struct row_list *list, struct error *err);

/* ---- the same for each kind of database: query.c ---- */

/* Like connection_run, for a row that must exist: STATUS_NOT_FOUND, and err is left alone. */
enum status connection_change(struct connection *db, enum query query, struct values values,
			      struct error *err);

/* STATUS_INTERNAL: these are not the values that sql.c asks for. */
enum status values_check(enum query query, struct values values, struct error *err);

/*
 * Makes a row of the cells of a result, which are in the order of the columns: a KIND_TEXT or
 * KIND_BLOB for what the column says, KIND_INTEGER, or KIND_NULL. *row is set only on success.
 * STATUS_UNAVAILABLE: a cell does not hold what it should.
 */
enum status row_read(const struct connection *db, enum query query, const struct value *cells,
		     void *row, struct error *err);

/* Returns the place for one more row; NULL: out of memory. The caller counts it when it is read. */
void *row_list_add(struct row_list *list);

#endif
