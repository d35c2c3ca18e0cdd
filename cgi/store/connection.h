/*
 * A connection to our own database. Each kind of database implements these functions, as
 * struct database_kind: sqlite_*.c do so with SQLite, postgresql_*.c with PostgreSQL. The SQL of
 * both is in sql.c. Internal to store/.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <stdbool.h>

#include "store/query.h"

/*
 * ---- the place of a database, without a connection ----
 *
 * For SQLite the place is the path of its file, for PostgreSQL a URI. A server's place is always
 * right, except where a comment says so.
 */

/* True if the place is a server's. It has no files, and it keeps the limits too. */
bool connection_place_is_server(const char *path);

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

/* ---- connections ---- */

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
	TROUBLE_SILENT, /* the server did not answer in time */
	TROUBLE_UNREAD, /* the disk failed while the file was read: close the connection */
	TROUBLE_DAMAGED /* the file is not a sound database of this program */
};

/* One thread at a time uses it. Each kind has a struct that begins with this one. */
struct connection {
	const struct database_kind *kind;
	char *path; /* owned */
	int schema; /* when it was opened */
	enum connection_trouble trouble;
};

/*
 * Opens an existing database. A file must be one that only its owner can use (see sqlite.h). A
 * database of another program is refused before it is changed. The caller owns *out. On failure
 * *trouble is set; trouble may be NULL.
 */
enum status connection_open(const struct store_place *place, enum connection_kind kind,
			    struct connection **out, enum connection_trouble *trouble,
			    struct error *err);
void connection_close(struct connection *db); /* NULL is allowed */

/* The kind of the last failure. TROUBLE_DAMAGED stays. */
enum connection_trouble connection_trouble(const struct connection *db);

const char *connection_path(const struct connection *db);

/* The schema number when the connection was opened. */
int connection_schema_opened(const struct connection *db);

/*
 * True if it can be used. A file: the path still leads to the file that was opened: it was neither
 * deleted nor replaced. A server: it has not closed the connection; if it has, another connection
 * may be opened.
 */
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

/*
 * Begins a write transaction. Until it ends no other transaction of the same key begins, in any
 * process of any machine. In a file there is no other writer at all.
 */
enum status connection_begin(struct connection *db, const struct store_key *key, struct error *err);
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

/*
 * The time that decides about rows, in microseconds: that of the program, own_us, for a file; that
 * of the server, which all nodes share, for a server. Inside a transaction it does not go back
 * behind the clock at its begin, which was read after the key was taken. Outside it may be some
 * milliseconds old.
 */
enum status connection_clock(struct connection *db, int64_t own_us, int64_t *out_us,
			     struct error *err);
/* The same in seconds. */
enum status connection_clock_s(struct connection *db, int64_t own, int64_t *out, struct error *err);

/* ---- how a database is set up ---- */

/* The number of the schema; 0 for an empty database. A database of another program is refused. */
enum status connection_schema(struct connection *db, int *out, struct error *err);
enum status connection_set_schema(struct connection *db, int number, struct error *err);

/* ---- the queries of sql.c ---- */

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

/* ---- what a kind of database does; each function does what the one above of its name does ---- */

struct database_kind {
	bool is_server;
	/* NULL: nothing is wrong with a place. */
	enum status (*place_check)(const char *path, struct error *err);
	enum status (*place_beside)(const char *path, struct error *err);
	enum status (*place_room)(const char *path, struct error *err);
	enum status (*place_create)(const char *path, struct error *err);
	bool (*place_on_network)(const char *path);

	enum status (*open)(const struct store_place *place, enum connection_kind kind,
			    struct connection **out, enum connection_trouble *trouble,
			    struct error *err);
	void (*close)(struct connection *db);
	bool (*current)(const struct connection *db);
	enum status (*script)(struct connection *db, const char *sql, struct error *err);
	enum status (*ask)(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err);
	enum status (*verify)(struct connection *db, struct error *err);
	void (*patience)(struct connection *db, int milliseconds); /* NULL: it cannot be set */
	enum status (*begin)(struct connection *db, const struct store_key *key, struct error *err);
	enum status (*commit)(struct connection *db, struct error *err);
	void (*rollback)(struct connection *db);
	void (*reset)(struct connection *db);
	enum status (*clock)(struct connection *db, int64_t *out_us,
			     struct error *err); /* NULL: own */
	enum status (*copy)(struct connection *db, const char *file, struct error *err);
	enum status (*lock_out)(struct connection *db, struct error *err);
	enum status (*schema)(struct connection *db, int *out, struct error *err);
	enum status (*set_schema)(struct connection *db, int number, struct error *err);
	enum status (*find)(struct connection *db, enum query query, struct values values,
			    void *row, struct error *err);
	enum status (*run)(struct connection *db, enum query query, struct values values,
			   int *changed, struct error *err);
	enum status (*list)(struct connection *db, enum query query, struct values values,
			    struct row_list *list, struct error *err);
};
extern const struct database_kind database_sqlite, database_postgresql;

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
