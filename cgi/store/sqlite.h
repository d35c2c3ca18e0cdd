/*
 * SQLite's own types, and what its files share. Private to the sqlite_*.c of this folder: together
 * they are statement.h for SQLite, and the only ones that know it.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "store/statement.h"

#define STEPS_PER_LOOK 1000 /* of SQLite's machine, between two looks at the clock */

struct statement {
	struct connection *db;
	sqlite3_stmt *prepared; /* NULL: not asked yet */
	int code;               /* the first failure since statement_get */
	bool active;            /* has to be reset: an open SELECT pins the write-ahead log */
};

struct connection {
	sqlite3 *sqlite;
	bool foreign; /* another program's: only read */
	struct guard guard;
	int64_t deadline; /* of connection_budget */
	char *path;
	int patience_ms;     /* how long to wait for another's lock */
	int patience_now_ms; /* … until connection_reset */
	int64_t busy_until;  /* of the wait that is under way; monotonic */
	int schema;          /* when it was opened */
	dev_t device;        /* of the file, when it was opened */
	ino_t inode;
	enum connection_trouble trouble;
	struct statement statements[QUERY_COUNT];
};

/*
 * What a result code means for the operator. Right after the call that failed: SQLite's text is the
 * last call's.
 */
enum status sqlite_failed(struct connection *db, int code, struct error *err);

/*
 * Opens a connection's file, and notes which one it is. The connection is closed by
 * connection_close, also after a failure.
 */
enum status sqlite_open(struct connection *db, int flags, struct error *err);

/* Makes fold() known to the connection's SQL: name_fold of base/name.h. */
enum status sqlite_add_functions(struct connection *db, struct error *err);

/* A zeroed connection to that path, not open yet; NULL: out of memory. */
struct connection *sqlite_connection_new(const char *path, int patience_ms);

#endif
