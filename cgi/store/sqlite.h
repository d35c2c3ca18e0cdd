/*
 * SQLite's own types, and declarations that the sqlite_*.c files share. These files implement
 * connection.h (our database) and foreign.h (another program's) with SQLite. No other file includes
 * this one.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "store/connection.h"
#include "store/foreign.h"

#define STEPS_PER_LOOK 1000 /* of SQLite's virtual machine between two clock readings */

struct statement {
	struct connection *db;
	sqlite3_stmt *prepared; /* NULL: not prepared yet */
	int code;               /* the first failure since the query began */
	bool active;            /* needs a reset: an open SELECT prevents checkpoints */
};

struct sqlite_connection {
	struct connection common;
	sqlite3 *sqlite;
	bool foreign; /* another program's database, only read */
	struct guard guard;
	int64_t deadline;    /* of connection_budget; monotonic, milliseconds */
	int patience_ms;     /* how long to wait for another connection's lock */
	int patience_now_ms; /* the same, until connection_reset */
	int64_t busy_until;  /* end of the current wait; monotonic, milliseconds */
	dev_t device;        /* the file's, when it was opened */
	ino_t inode;
	struct statement statements[QUERY_COUNT];
};

static inline struct sqlite_connection *lite(const struct connection *db)
{
	return (struct sqlite_connection *)(void *)db;
}

/*
 * Turns a result code into a status and a sentence for the operator. Call it right after the
 * failure: SQLite's message is that of the last call.
 */
enum status sqlite_failed(struct connection *db, int code, struct error *err);

/*
 * Sets a parameter, numbered from 1. A failure is reported by the next step. The value is borrowed
 * until the last row is read.
 */
void sqlite_bind(struct statement *s, int n, const struct value *value);

/*
 * Reads the next row. STATUS_NOT_FOUND: there are no more; that is not a failure, and err is left
 * alone.
 */
enum status sqlite_step(struct statement *s, struct error *err);

/*
 * Opens the file of a connection and records its device and inode. The caller closes the connection
 * with sqlite_close, also after a failure.
 */
enum status sqlite_open(struct connection *db, int flags, struct error *err);

/*
 * Returns a new connection to that path, not open yet; the caller closes it. NULL: out of memory.
 */
struct connection *sqlite_connection_new(const char *path, int patience_ms);

/*
 * ---- sqlite_file.c: checks of a database's file from outside ----
 *
 * None of them opens the file, because closing any descriptor of a database file drops all locks
 * that the process holds on it.
 */

/*
 * Refuses a missing file, a link, and a file that gives any permission to group or others. Refuses
 * a directory that group or others may write to. The owner of both must be this user or root; root
 * may use files of any owner. The error names the command that corrects it.
 */
enum status sqlite_file_check(const char *path, struct error *err);

/*
 * Refuses a file that exists and that this user may not write to. The error names the command that
 * corrects it.
 */
enum status sqlite_file_check_writable(const char *path, struct error *err);

/*
 * Makes the -wal and -shm files writable again if they belong to this user. SQLite gives them the
 * mode of the database, so those of a database that was read-only for a while stay read-only.
 */
void sqlite_file_mend_sides(const char *path);

/* ---- what database_sqlite consists of; connection.h says what each does ---- */

enum status sqlite_place_check(const char *path, struct error *err);
enum status sqlite_place_beside(const char *path, struct error *err);
enum status sqlite_place_room(const char *path, struct error *err);
enum status sqlite_place_create(const char *path, struct error *err);
bool sqlite_place_on_network(const char *path);

enum status sqlite_script(struct connection *db, const char *sql, struct error *err);
enum status sqlite_ask(struct connection *db, const char *sql, int *number, char **text,
		       struct error *err);
void sqlite_close(struct connection *db);
void sqlite_patience(struct connection *db, int milliseconds);
enum status sqlite_copy(struct connection *db, const char *file, struct error *err);
enum status sqlite_lock_out(struct connection *db, struct error *err);

/* The connection is set up once, when it is opened. *schema: see connection_schema. */
enum status sqlite_set_up(struct connection *db, enum connection_kind kind, int *schema,
			  struct error *err);
enum status sqlite_schema(struct connection *db, int *out, struct error *err);
enum status sqlite_set_schema(struct connection *db, int number, struct error *err);

enum status sqlite_find(struct connection *db, enum query query, struct values values, void *row,
			struct error *err);
enum status sqlite_run(struct connection *db, enum query query, struct values values, int *changed,
		       struct error *err);
enum status sqlite_list(struct connection *db, enum query query, struct values values,
			struct row_list *list, struct error *err);

#endif
