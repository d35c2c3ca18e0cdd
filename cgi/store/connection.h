/*
 * The interface to the database library for the other files of this folder: connections, statements
 * from the catalogue, numbered parameters, rows, transactions. Internal to store/. Nothing here is
 * specific to SQLite: another database needs another catalogue.c, sqlite_setup.c and set of files
 * like sqlite_*.c.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* All queries. catalogue.c has the text of each and lists its parameters. */
enum query {
	QUERY_PING,

	QUERY_DATABASE_SITE_FIND,
	QUERY_DATABASE_SITE_SET,

	QUERY_USER_FIND,
	QUERY_USER_FIND_FOLDED,
	QUERY_USER_FIND_ALIKE,
	QUERY_USER_ADD,
	QUERY_USER_SET_PASSWORD,
	QUERY_USER_REHASH,
	QUERY_USER_SET_DISABLED,
	QUERY_USER_DELETE,
	QUERY_USER_LIST,

	QUERY_SESSION_FIND,
	QUERY_SESSION_TOUCH,
	QUERY_SESSION_ADD,
	QUERY_SESSION_EVICT,
	QUERY_SESSION_PURGE,
	QUERY_SESSION_END,
	QUERY_SESSION_END_USER,
	QUERY_SESSION_END_ALL,
	QUERY_SESSION_LIST,

	QUERY_JID_MAP_FIND,
	QUERY_JID_MAP_FIND_ACCOUNT,
	QUERY_JID_MAP_SET,
	QUERY_JID_MAP_DELETE,
	QUERY_JID_MAP_LIST,

	QUERY_JID_CLAIM_FIND,
	QUERY_JID_CLAIM_ADD,

	QUERY_PROVISIONED_FIND,
	QUERY_PROVISIONED_ADD,
	QUERY_PROVISIONED_TAKE,
	QUERY_PROVISIONED_END,

	QUERY_USED_NONCE_PURGE,
	QUERY_USED_NONCE_ADD,

	QUERY_GATEWAY_FIND,
	QUERY_GATEWAY_ADD,
	QUERY_GATEWAY_SET_PASSWORD,
	QUERY_GATEWAY_SET_DISABLED,
	QUERY_GATEWAY_DELETE,
	QUERY_GATEWAY_LIST,

	QUERY_TOKEN_REVOCATION_FIND,
	QUERY_TOKEN_REVOCATION_SET,
	QUERY_TOKEN_REVOCATION_PURGE,

	QUERY_SITE_KEY_FIND,
	QUERY_SITE_KEY_ADD,
	QUERY_SITE_KEY_FORGET,

	QUERY_LIMIT_FIND,
	QUERY_LIMIT_SET,
	QUERY_LIMIT_PURGE,
	QUERY_LIMIT_EVICT,

	QUERY_UPSTREAM_FIND,
	QUERY_UPSTREAM_SET,

	QUERY_COUNT
};

extern const char *const catalogue[QUERY_COUNT];

struct connection; /* to one database; used by one thread at a time */
struct statement;  /* owned by its connection; valid until that is returned or closed */

/* ---- the pool of a store: pool.c ---- */

#define STORE_CONNECTIONS_MAX 4    /* 75 KiB each; eight are no faster, because queries are short */
#define STORE_BORROW_WAIT_MS  2000 /* longer than that, the disk has stopped */

/*
 * Lends a connection for one function. If all STORE_CONNECTIONS_MAX are lent, waits at most
 * STORE_BORROW_WAIT_MS for one. STATUS_UNAVAILABLE: none came back, or the database is missing or
 * damaged.
 */
enum status store_borrow(struct store *store, struct connection **out, struct error *err);
void store_return(struct store *store,
		  struct connection *db); /* resets its statements; rolls back */

/*
 * The begin and end of a function that writes. store_begin waits for its turn (only one thread of a
 * store writes at a time) at most STORE_BORROW_WAIT_MS, borrows a connection and begins a
 * transaction. store_end commits if status is STATUS_OK, otherwise rolls back, and returns the
 * connection.
 */
enum status store_begin(struct store *store, struct connection **out, struct error *err);
enum status store_end(struct store *store, struct connection *db, enum status status,
		      struct error *err);

/* ---- lists: rows.c ---- */

/* How to read a row into a struct that owns what it points to. */
struct row_type {
	size_t size;
	enum status (*read)(struct statement *s, void *row, struct error *err);
	void (*clear)(void *row);
};
struct row_list {
	void *rows;
	size_t count;
};

/*
 * Reads all rows of a query without parameters before the caller sees the first. A stopped terminal
 * must not keep a read transaction open, because that blocks writers. The caller clears *out.
 */
enum status row_list_read(struct store *store, enum query query, const struct row_type *type,
			  struct row_list *out, struct error *err);
void row_list_clear(struct row_list *list, const struct row_type *type);

/* ---- one connection: sqlite_connection.c ---- */

/* How durable a database is. */
enum connection_kind {
	CONNECTION_DURABLE,   /* committed data survives a power failure */
	CONNECTION_DISPOSABLE /* may be lost: fast, small, with a short wait for locks */
};

/* The kind of the last failure, as far as a caller acts on it. */
enum connection_trouble {
	TROUBLE_NONE,
	TROUBLE_BUSY,   /* locked by another connection for longer than our patience */
	TROUBLE_FULL,   /* no space left on the disk, or in this kind of database */
	TROUBLE_DAMAGED /* the file is not a sound database of this program */
};

/*
 * Opens an existing file that only its owner can use (see database_file.h). A database of another
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

/* ---- what a database is set up to be: sqlite_setup.c ---- */

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

/* ---- statements: sqlite_statement.c ---- */

/*
 * Returns a statement that is ready for its parameters, which are numbered from 1. Errors are
 * reported later by statement_row or statement_run. Texts and blobs are borrowed until the last row
 * is read, so that the database library keeps no copy of a secret.
 */
struct statement *statement_get(struct connection *db, enum query query);
void statement_bind_text(struct statement *s, int n, const char *text); /* NULL binds null */
void statement_bind_integer(struct statement *s, int n, int64_t value);
void statement_bind_blob(struct statement *s, int n, const void *data, size_t len);

/*
 * Reads the next row. STATUS_OK: its columns can be read. STATUS_NOT_FOUND: there are no more rows;
 * that is not a failure, and err is left alone.
 */
enum status statement_row(struct statement *s, struct error *err);

/*
 * Runs the statement to its end. *changed becomes the number of rows inserted, updated or deleted;
 * changed may be NULL. STATUS_CONFLICT: a value that must be unique exists already.
 * STATUS_BAD_REQUEST: the schema forbids a value.
 */
enum status statement_run(struct statement *s, int *changed, struct error *err);

/* Columns of the current row, numbered from 0. */
int64_t statement_integer(struct statement *s, int column);
bool statement_is_null(struct statement *s, int column);

/*
 * Copies the text; the caller frees *out. A text with a NUL is refused, because a name cut off
 * there could be another user's name.
 */
enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err);

/* Copies exactly len bytes. Another length is an error. */
enum status statement_blob(struct statement *s, int column, void *out, size_t len,
			   struct error *err);

/* ---- another program's database: sqlite_foreign.c, for site_query.c ---- */

/*
 * Opens another program's database read-only. Nothing in it is trusted: SQLite's limits are low,
 * and its schema may not call functions with side effects. It needs no schema of ours. Errors tell
 * the operator what to do about a database that another program owns. The caller owns *out.
 */
enum status connection_open_foreign(const char *path, struct connection **out, struct error *err);

/*
 * Calls `each` with the first column of every row. sql is a constant. STATUS_BAD_REQUEST: a text
 * has a NUL in it.
 */
enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);

/*
 * What a statement wants to do. The guard is asked while a statement is prepared, also when SQLite
 * prepares it again.
 */
enum guarded {
	GUARDED_SELECT,
	GUARDED_READ,     /* name: the table */
	GUARDED_FUNCTION, /* name: the function */
	GUARDED_OTHER     /* writing, pragmas, transactions, ATTACH … */
};
struct guard {
	bool (*allows)(void *arg, enum guarded what, const char *name); /* name may be NULL */
	void *arg;
};
void connection_guard(struct connection *db, const struct guard *guard); /* keeps a copy */

/* Limits the total time of all further steps, in milliseconds; 0: no limit. */
void connection_budget(struct connection *db, int milliseconds);

/*
 * Prepares one statement that is not in the catalogue. *end: how many bytes of sql belong to it.
 * STATUS_BAD_REQUEST: it is not valid SQL for this database; *end is the offset of the fault, or -1
 * if SQLite does not tell. The caller frees *out before it closes the connection.
 */
enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err);
void statement_free(struct statement *s); /* NULL is allowed */
void statement_reset(struct statement *s);

bool statement_only_reads(const struct statement *s); /* and is no EXPLAIN */
int statement_param_count(const struct statement *s);
const char *statement_param_name(const struct statement *s, int n); /* n from 1; NULL: no name */
int statement_column_count(const struct statement *s);
const char *statement_column_name(const struct statement *s, int column); /* NULL: out of memory */

enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_OTHER };
enum value_kind statement_value_kind(struct statement *s, int column);
size_t statement_value_length(struct statement *s, int column); /* bytes, as a text */

#endif
