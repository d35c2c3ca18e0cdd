/*
 * SQLite's own types, and declarations that the sqlite_*.c files share. These files use SQLite to
 * implement connection.h (our database) and foreign.h (another program's database). No other file
 * includes this header.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "store/connection.h"
#include "store/foreign.h"

#define STEPS_PER_LOOK 1000 /* virtual machine steps of SQLite between two clock readings */

struct statement {
	struct connection *db;
	sqlite3_stmt *prepared; /* NULL while not prepared */
	int code;               /* result code of the first failure since the query began */
	bool active;            /* true if a reset is needed; an open SELECT prevents checkpoints */
};

struct sqlite_connection {
	struct connection common;
	sqlite3 *sqlite;
	bool foreign; /* another program's database, which is only read */
	struct guard guard;
	int64_t deadline;        /* set by connection_budget; in ms, monotonic */
	int lock_timeout_ms;     /* how long to wait for another connection's lock */
	int lock_timeout_now_ms; /* used instead of lock_timeout_ms until connection_reset */
	int64_t busy_until;      /* when the current wait for a lock ends; in ms, monotonic */
	dev_t device;            /* the device of the file when it was opened */
	ino_t inode;
	struct statement statements[QUERY_COUNT];
};

static inline struct sqlite_connection *lite(const struct connection *db)
{
	return (struct sqlite_connection *)(void *)db;
}

/*
 * Converts a result code to a status and to a sentence for the operator. Call this right after the
 * failure, because SQLite keeps only the message of the last call.
 */
enum status sqlite_failed(struct connection *db, int code, struct error *err);

/*
 * Binds a value to parameter n, numbered from 1. The next sqlite_step reports a failure. The value
 * must stay valid until the last row is read.
 */
void sqlite_bind(struct statement *s, int n, const struct value *value);

/*
 * Reads the next row. Returns STATUS_NOT_FOUND if there are no more rows; this is not a failure,
 * and err is not set.
 */
enum status sqlite_step(struct statement *s, struct error *err);

/*
 * Opens the file of a connection and records its device and inode. The caller closes the connection
 * with sqlite_close, also after a failure.
 */
enum status sqlite_open(struct connection *db, int flags, struct error *err);

/*
 * Returns a new connection, which sqlite_open then opens. The caller closes it. Returns NULL if out
 * of memory.
 */
struct connection *sqlite_connection_new(const char *path, int lock_timeout_ms);

/*
 * ---- sqlite_file.c: checks of a database file from outside ----
 *
 * None of these functions opens the file. If a process closes any descriptor of a file, the process
 * loses all its locks on the file, and SQLite needs these locks.
 */

/*
 * Refuses a missing file, a link, and a file that gives any permission to group or others. Refuses
 * a directory that group or others can write to. The file and the directory must belong to this
 * user or root. If this process runs as root, any owner is accepted. The error names the command
 * that fixes the problem.
 */
enum status sqlite_file_check(const char *path, struct error *err);

/*
 * Refuses an existing file that this process is not allowed to write to. The error names the
 * command that fixes the problem.
 */
enum status sqlite_file_check_writable(const char *path, struct error *err);

/*
 * Makes the -wal and -shm files writable again if they belong to this user. SQLite creates these
 * files with the mode of the database. So files that were created while the database was read-only
 * stay read-only.
 */
void sqlite_file_mend_sides(const char *path);

/* ---- the functions in database_sqlite; connection.h describes them ---- */

enum status sqlite_location_check(const char *path, struct error *err);
enum status sqlite_location_beside(const char *path, struct error *err);
enum status sqlite_location_room(const char *path, struct error *err);
enum status sqlite_location_create(const char *path, struct error *err);
bool sqlite_location_on_network(const char *path);

enum status sqlite_script(struct connection *db, const char *sql, struct error *err);
enum status sqlite_ask(struct connection *db, const char *sql, int *number, char **text,
		       struct error *err);
void sqlite_close(struct connection *db);
void sqlite_lock_timeout(struct connection *db, int milliseconds);
enum status sqlite_copy(struct connection *db, const char *file, struct error *err);
enum status sqlite_lock_out(struct connection *db, struct error *err);

/* Sets up a connection, once, after it is opened. For *schema see connection_schema. */
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
