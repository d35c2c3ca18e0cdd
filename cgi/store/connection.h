/*
 * A connection to our own database. Each kind of database implements these functions in a struct
 * database_kind: sqlite_*.c for SQLite, postgresql_*.c for PostgreSQL. The SQL for both is in
 * query_sql.c. Internal to store/.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <stdbool.h>

#include "store/query.h"

/*
 * ---- the location of a database, without a connection ----
 *
 * The location of an SQLite database is the path of its file. The location of a PostgreSQL database
 * is a URI. If the database is on a server, the checks below always succeed.
 */

/*
 * True if the location is a database server. Then the database has no files on this machine, and it
 * also holds the rate limits.
 */
bool connection_location_is_server(const char *path);

/*
 * Checks that this process is allowed to use the database. The error names the command that fixes
 * the permissions.
 */
enum status connection_location_check(const char *path, struct error *err);

/*
 * Checks the files beside the database, if they exist: SQLite's -wal, -shm and -journal, and
 * .limits. The error names the command that fixes their permissions.
 */
enum status connection_location_beside(const char *path, struct error *err);

/* Checks that the disk has space for more rows. Leaves no file behind. */
enum status connection_location_room(const char *path, struct error *err);

/*
 * Creates an empty database that only its owner can access, if there is no database yet. If root
 * calls this, the file belongs to the owner of the directory.
 */
enum status connection_location_create(const char *path, struct error *err);

/*
 * True if the location is on a network or shared file system, where locks and shared memory can be
 * unreliable.
 */
bool connection_location_on_network(const char *path);

/* ---- connections ---- */

/* How durable a database is. */
enum connection_kind {
	CONNECTION_DURABLE,   /* committed data survives a power failure */
	CONNECTION_DISPOSABLE /* data can be lost; small, fast, with short waits for locks */
};

/*
 * Why the last operation failed. Only failures that callers treat differently have their own value.
 * FAULT_UNREAD and FAULT_DAMAGED must be last, in this order, because the code compares them with >
 * and <.
 */
enum connection_fault {
	FAULT_NONE,
	FAULT_BUSY,   /* another connection held a lock for longer than we wait */
	FAULT_FULL,   /* no space on the disk, or a disposable database has reached its limit */
	FAULT_SILENT, /* the server did not answer in time */
	FAULT_UNREAD, /* reading from the disk failed; close the connection */
	FAULT_DAMAGED /* the file is corrupt, or not a database of this program */
};

/*
 * A connection. One thread uses it at a time. The connection struct of each kind of database begins
 * with this struct.
 */
struct connection {
	const struct database_kind *kind;
	char *path; /* owned */
	int schema; /* the schema number when the connection was opened */
	enum connection_fault fault;
};

/*
 * Opens an existing database. An SQLite file must be accessible only to its owner (see sqlite.h).
 * The database of another program is refused and not changed. The caller closes *out. On failure
 * *fault is set; fault can be NULL.
 */
enum status connection_open(const struct store_location *location, enum connection_kind kind,
			    struct connection **out, enum connection_fault *fault,
			    struct error *err);
void connection_close(struct connection *db); /* NULL is allowed */

/*
 * Returns the kind of the last failure. FAULT_UNREAD can be replaced only by FAULT_DAMAGED.
 * FAULT_DAMAGED is never replaced.
 */
enum connection_fault connection_fault(const struct connection *db);

const char *connection_path(const struct connection *db);

/* Returns the schema number that the database had when the connection was opened. */
int connection_schema_opened(const struct connection *db);

/*
 * True if the connection can still be used. Returns false if the SQLite file was deleted or
 * replaced after it was opened. Returns false if the server has closed the connection; the caller
 * can then open another connection.
 */
bool connection_current(const struct connection *db);

/* Runs constant SQL of this program, such as a migration; never SQL that is built from data. */
enum status connection_script(struct connection *db, const char *sql, struct error *err);

/*
 * Like connection_script, but returns the first column of the first row. Sets *number to the column
 * as a number, and *text to the column as a string. number or text can be NULL. The caller frees
 * *text.
 */
enum status connection_ask(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err);

/*
 * Checks a file for damage. The check stops after two seconds, so that a big file does not delay
 * the start. On a server, checks our rights on the tables and prepares every query.
 */
enum status connection_verify(struct connection *db, struct error *err);

/* Sets how long to wait for another writer. store_return restores the default. */
void connection_lock_timeout(struct connection *db, int milliseconds);

/*
 * Begins a write transaction. Until the transaction ends, no other transaction with the same key
 * can begin, in any process on any machine. An SQLite file has only one writer at a time, even with
 * different keys.
 */
enum status connection_begin(struct connection *db, const struct store_key *key, struct error *err);
enum status connection_commit(struct connection *db, struct error *err); /* rolls back on failure */
void connection_rollback(struct connection *db); /* does nothing if no transaction is open */
void connection_reset(struct connection *db);    /* resets statements and rolls back */

/*
 * Copies the database to an existing, empty file. Other processes can write to the database
 * meanwhile; the copy is a consistent snapshot.
 */
enum status connection_copy(struct connection *db, const char *file, struct error *err);

/*
 * Locks out all other connections until db is closed. Returns STATUS_BUSY if another connection has
 * the database open.
 */
enum status connection_lock_out(struct connection *db, struct error *err);

/*
 * Sets *out_us to the current time, in microseconds, for comparisons with times in rows. For an
 * SQLite file, this time is own_us, which the caller has read from its own clock. For a server,
 * this time is the server's clock, which all nodes share. In a transaction, *out_us is never
 * earlier than the moment when the transaction got the lock of its key. Outside a transaction,
 * *out_us can be some milliseconds behind the server's clock.
 */
enum status connection_clock(struct connection *db, int64_t own_us, int64_t *out_us,
			     struct error *err);
/* Like connection_clock, but in seconds. */
enum status connection_clock_s(struct connection *db, int64_t own, int64_t *out, struct error *err);

/* ---- how a database is set up ---- */

/*
 * Sets *out to the schema number, or to 0 for an empty database. Refuses a database of another
 * program.
 */
enum status connection_schema(struct connection *db, int *out, struct error *err);
enum status connection_set_schema(struct connection *db, int number, struct error *err);

/* ---- the queries of query_sql.c ---- */

/*
 * These functions do the same as store_find and store_run, inside the caller's transaction. After
 * connection_find the statement can hold a read lock until connection_reset is called.
 */
enum status connection_find(struct connection *db, enum query query, struct values values,
			    void *row, struct error *err);
enum status connection_run(struct connection *db, enum query query, struct values values,
			   int *changed, struct error *err);

/*
 * list->rows and list->count must be 0 before the call. The caller clears the list, also after a
 * failure.
 */
enum status connection_list(struct connection *db, enum query query, struct values values,
			    struct row_list *list, struct error *err);

/*
 * ---- what each kind of database implements; `begin` implements connection_begin, and so on ----
 */

struct database_kind {
	bool is_server;
	/* A location_… function is NULL if it has nothing to do for this kind of database. */
	enum status (*location_check)(const char *path, struct error *err);
	enum status (*location_beside)(const char *path, struct error *err);
	enum status (*location_room)(const char *path, struct error *err);
	enum status (*location_create)(const char *path, struct error *err);
	bool (*location_on_network)(const char *path);

	enum status (*open)(const struct store_location *location, enum connection_kind kind,
			    struct connection **out, enum connection_fault *fault,
			    struct error *err);
	void (*close)(struct connection *db);
	bool (*current)(const struct connection *db);
	enum status (*script)(struct connection *db, const char *sql, struct error *err);
	enum status (*ask)(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err);
	enum status (*verify)(struct connection *db, struct error *err);
	/* NULL if this kind has no lock timeout */
	void (*lock_timeout)(struct connection *db, int milliseconds);
	enum status (*begin)(struct connection *db, const struct store_key *key, struct error *err);
	enum status (*commit)(struct connection *db, struct error *err);
	void (*rollback)(struct connection *db);
	void (*reset)(struct connection *db);
	enum status (*clock)(struct connection *db, int64_t *out_us,
			     struct error *err); /* NULL if connection_clock returns own_us */
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

/* ---- functions of query.c, the same for each kind of database ---- */

/*
 * Like connection_run, for a row that must exist. If it does not exist, returns STATUS_NOT_FOUND
 * and does not set err.
 */
enum status connection_change(struct connection *db, enum query query, struct values values,
			      struct error *err);

/* Returns STATUS_INTERNAL if the values do not match the parameters that query_sql.c declares. */
enum status values_check(enum query query, struct values values, struct error *err);

/*
 * Converts the cells of one result row to the query's struct. The cells are in the order of the
 * columns. The kind of a cell is KIND_INTEGER, KIND_TEXT, KIND_BLOB or KIND_NULL, as its column
 * requires. *row is set only on success. Returns STATUS_UNAVAILABLE if a cell does not fit its
 * column.
 */
enum status row_read(const struct connection *db, enum query query, const struct value *cells,
		     void *row, struct error *err);

/*
 * Returns the memory for one more row, or NULL if out of memory. The caller fills the row and then
 * increments list->count.
 */
void *row_list_add(struct row_list *list);

#endif
