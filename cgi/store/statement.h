/*
 * What the files of this layer are written against, instead of a database library: connections,
 * statements out of the catalogue, parameters by number, rows, transactions. Internal to store/.
 * Nothing in here is SQLite's: another database is another catalogue.c, database_setup.c and set of
 * files like sqlite_*.c behind it.
 */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* Everything that is ever asked of a database; catalogue.c has the text and says what is bound. */
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

struct connection; /* to one database; one thread at a time */
struct statement;  /* owned by its connection; valid until that is returned or closed */

/* ---- the pool of a store: pool.c ---- */

#define STORE_CONNECTIONS_MAX 4    /* 75 KiB each; queries are short, and no faster with eight */
#define STORE_BORROW_WAIT_MS  2000 /* longer than that, the disk has stopped */

/*
 * A connection for the duration of one function. When all STORE_CONNECTIONS_MAX are lent, waits for
 * one at most STORE_BORROW_WAIT_MS: STATUS_UNAVAILABLE then, as for a database that is gone or
 * damaged.
 */
enum status store_borrow(struct store *store, struct connection **out, struct error *err);
void store_return(struct store *store, struct connection *db); /* ends its statements */

/*
 * The two ends of a writing function: wait for the turn (of this store's threads one writes at a
 * time; at most STORE_BORROW_WAIT_MS), borrow and begin; commit if status is OK (else roll back)
 * and return. store_return rolls back too.
 */
enum status store_begin(struct store *store, struct connection **out, struct error *err);
enum status store_end(struct store *store, struct connection *db, enum status status,
		      struct error *err);

/* ---- lists: rows.c ---- */

/* How a row becomes a struct that owns what it points to. */
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
 * All rows of a query without parameters, read before anybody sees the first: a terminal that
 * stands still must not hold a read transaction, and with it the database's writers. The caller
 * clears *out.
 */
enum status row_list_read(struct store *store, enum query query, const struct row_type *type,
			  struct row_list *out, struct error *err);
void row_list_clear(struct row_list *list, const struct row_type *type);

/* ---- one connection: sqlite_connection.c ---- */

/* How a database is kept. */
enum connection_kind {
	CONNECTION_DURABLE,   /* what was committed survives a power cut */
	CONNECTION_DISPOSABLE /* may be lost: fast, small, and nobody waits long for it */
};

/* Why the last thing failed, as far as anybody acts on it. */
enum connection_trouble {
	TROUBLE_NONE,
	TROUBLE_BUSY,   /* locked by somebody else, for longer than our patience */
	TROUBLE_FULL,   /* no room: of the disk, or of what this kind may take */
	TROUBLE_DAMAGED /* the file is not, or no longer, a sound database of ours */
};

/*
 * The file must exist and be kept from others (database_file.h); a database that is not ours is
 * refused before anything in it changes. The caller owns *out. On failure *trouble, which may be
 * NULL, is set.
 */
enum status connection_open(const char *path, enum connection_kind kind, struct connection **out,
			    enum connection_trouble *trouble, struct error *err);
void connection_close(struct connection *db); /* takes NULL */

/* The last failure's; damage stays. */
enum connection_trouble connection_trouble(const struct connection *db);

const char *connection_path(const struct connection *db);

/* connection_schema's answer when it was opened. */
int connection_schema_opened(const struct connection *db);

/* The file is still the one that was opened: not deleted, not replaced. */
bool connection_current(const struct connection *db);

/* Runs SQL that this program carries (a migration), never anything that was put together. */
enum status connection_script(struct connection *db, const char *sql, struct error *err);

/*
 * As that; the first column of the first row, as a number, a text (the caller frees it), or both.
 */
enum status connection_ask(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err);

/* Is the file sound? Looks for at most two seconds, so that a big one does not hold up a start. */
enum status connection_verify(struct connection *db, struct error *err);

/* How long to wait for another writer from now on; store_return sets the usual time again. */
void connection_patience(struct connection *db, int milliseconds);

/* A transaction that writes: no other writer from its begin to its end. */
enum status connection_begin(struct connection *db, struct error *err);
enum status connection_commit(struct connection *db, struct error *err); /* failed: rolled back */
void connection_rollback(struct connection *db);                         /* none open: nothing */
void connection_reset(struct connection *db); /* ends what is unfinished, statements and all */

/* ---- what a database is set up to be: database_setup.c ---- */

/* Called once, by connection_open. *schema: as connection_schema says. */
enum status connection_set_up(struct connection *db, enum connection_kind kind, int *schema,
			      struct error *err);

/* The schema's number, 0 for a database with nothing in it. */
enum status connection_schema(struct connection *db, int *out, struct error *err);
enum status connection_set_schema(struct connection *db, int number, struct error *err);

/*
 * Refuses a database of ours where the site's own is wanted: it may be another site's, whose
 * logins and passwords are not for this one's query.
 */
enum status connection_check_foreign(struct connection *db, struct error *err);

/* ---- statements: sqlite_statement.c ---- */

/*
 * Ready for its parameters, counted from 1. What goes wrong on the way is said by row or run. Texts
 * and blobs are borrowed until the last row was asked for: the database library keeps no copy of a
 * secret, and costs none.
 */
struct statement *statement_get(struct connection *db, enum query query);
void statement_bind_text(struct statement *s, int n, const char *text); /* NULL: null */
void statement_bind_integer(struct statement *s, int n, int64_t value);
void statement_bind_blob(struct statement *s, int n, const void *data, size_t len);

/*
 * The next row: STATUS_OK and it can be read, STATUS_NOT_FOUND when there is none (more); that is
 * no failure, and err is left alone.
 */
enum status statement_row(struct statement *s, struct error *err);

/*
 * To the end, for writes; *changed (may be NULL): rows inserted, updated or deleted.
 * STATUS_CONFLICT: a value that must be unique is there already. STATUS_BAD_REQUEST: a value that
 * the schema forbids.
 */
enum status statement_run(struct statement *s, int *changed, struct error *err);

/* Columns of the row, counted from 0. */
int64_t statement_integer(struct statement *s, int column);
bool statement_is_null(struct statement *s, int column);

/*
 * A copy that the caller frees. Refused: a text with a NUL in it (nobody's name ends early,
 * PIT-33).
 */
enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err);

/* Exactly len bytes; another length is refused. */
enum status statement_blob(struct statement *s, int column, void *out, size_t len,
			   struct error *err);

/* ---- somebody else's database, looked at: sqlite_foreign.c, for site_query.c ---- */

/*
 * Read-only, and nothing in it is trusted: SQLite's limits are low, its schema may call nothing. No
 * schema of ours is expected. Failures name what the operator of the *other* program's database
 * does. The caller owns
 * *out.
 */
enum status connection_open_foreign(const char *path, struct connection **out, struct error *err);

/* The first column of every row, for fixed SQL. */
enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg,
			    struct error *err);

/* What a statement wants to do, as the guard is asked while it is prepared (also anew, later). */
enum guarded {
	GUARDED_SELECT,
	GUARDED_READ,     /* name: the table */
	GUARDED_FUNCTION, /* name: the function */
	GUARDED_OTHER     /* writing, pragmas, transactions, attaching … */
};
struct guard {
	bool (*allows)(void *arg, enum guarded what, const char *name); /* name: may be NULL */
	void *arg;
};
void connection_guard(struct connection *db, const struct guard *guard); /* a copy is kept */

/* From now on, every step of the machine together may take so long; 0: no limit. */
void connection_budget(struct connection *db, int milliseconds);

/*
 * One statement that is not of the catalogue. *end: the bytes of sql that belong to it.
 * STATUS_BAD_REQUEST: it is no SQL for this database, and *end is where that was seen, -1 where
 * SQLite does not say. The caller frees *out before the connection closes.
 */
enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err);
void statement_free(struct statement *s); /* takes NULL */
void statement_reset(struct statement *s);

bool statement_only_reads(const struct statement *s); /* and is none that only explains */
int statement_param_count(const struct statement *s);
const char *statement_param_name(const struct statement *s, int n); /* from 1; NULL: it has none */
int statement_column_count(const struct statement *s);
const char *statement_column_name(const struct statement *s, int column); /* NULL: no memory */

enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_OTHER };
enum value_kind statement_value_kind(struct statement *s, int column);
size_t statement_value_length(struct statement *s, int column); /* bytes, as a text */

#endif
