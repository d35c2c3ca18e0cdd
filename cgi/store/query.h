/*
 * Queries of our own database. Each query is one function call here. query_sql.c has the SQL of
 * each query, the kinds of its parameters, and the struct for its rows. Internal to store/. These
 * functions work for every kind of database; connection.h declares what each kind must implement.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "store/store.h"

/* All queries. query_sql.c has the SQL of each query and lists its parameters. */
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
	QUERY_USER_SET_DISPLAY_NAME,
	QUERY_USER_SEARCH,

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

	QUERY_ADHOC_CALLER_FIND,
	QUERY_ADHOC_CALLER_ADD,
	QUERY_ADHOC_CALLER_SET_PASSWORD,
	QUERY_ADHOC_CALLER_SET_DISABLED,
	QUERY_ADHOC_CALLER_DELETE,
	QUERY_ADHOC_CALLER_LIST,

	QUERY_TOKEN_REVOCATION_FIND,
	QUERY_TOKEN_REVOCATION_SET,
	QUERY_TOKEN_REVOCATION_PURGE,

	QUERY_SITE_KEY_FIND,
	QUERY_SITE_KEY_ADD,
	QUERY_SITE_KEY_FORGET,

	/*
	 * Two queries for each table. copy.c uses the first to read rows, and the second to write
	 * rows.
	 */
	QUERY_COPY_FIRST,
	QUERY_COPY_READ_USER = QUERY_COPY_FIRST,
	QUERY_COPY_WRITE_USER,
	QUERY_COPY_READ_SESSION,
	QUERY_COPY_WRITE_SESSION,
	QUERY_COPY_READ_JID_MAP,
	QUERY_COPY_WRITE_JID_MAP,
	QUERY_COPY_READ_SITE_KEY,
	QUERY_COPY_WRITE_SITE_KEY,
	QUERY_COPY_READ_ADHOC_CALLER,
	QUERY_COPY_WRITE_ADHOC_CALLER,
	QUERY_COPY_READ_USED_NONCE,
	QUERY_COPY_WRITE_USED_NONCE,
	QUERY_COPY_READ_TOKEN_REVOCATION,
	QUERY_COPY_WRITE_TOKEN_REVOCATION,
	QUERY_COPY_READ_JID_CLAIM,
	QUERY_COPY_WRITE_JID_CLAIM,
	QUERY_COPY_READ_PROVISIONED,
	QUERY_COPY_WRITE_PROVISIONED,

	QUERY_LIMIT_FIND,
	QUERY_LIMIT_SET,
	QUERY_LIMIT_PURGE,
	QUERY_LIMIT_EVICT,

	QUERY_UPSTREAM_FIND,
	QUERY_UPSTREAM_SET,

	QUERY_COUNT
};

/* The type of a parameter or a column. */
enum kind {
	KIND_NULL,    /* also marks the end of a list of parameters */
	KIND_TEXT,    /* char *, UTF-8 without a NUL; in a row, owned by the row */
	KIND_SECRET,  /* like KIND_TEXT, but wiped when the row is cleared */
	KIND_INTEGER, /* int64_t */
	KIND_FLAG,    /* bool */
	KIND_BLOB,    /* bytes; in a row, exactly as many as the member holds */
};
#define KIND_OR_NULL 0x80U /* null is allowed; the member of the row is then 0 */

/* A value for a parameter. The value is borrowed until the function with this parameter returns. */
struct value {
	enum kind kind;   /* KIND_NULL, KIND_TEXT, KIND_INTEGER or KIND_BLOB */
	const void *data; /* the bytes of a text or a blob */
	size_t len;
	int64_t integer;
};
struct values {
	const struct value *list;
	size_t count;
};

/*
 * VALUES(as_text(name), as_integer(now)) lists one value for each parameter of the query, in order.
 */
#define VALUES(...)                                                                                \
	((struct values){                                                                          \
	    (const struct value[]){__VA_ARGS__},                                                   \
	    sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value),                    \
	})
#define NO_VALUES ((struct values){NULL, 0})

static inline struct value as_text(const char *text) /* NULL becomes SQL's null */
{
	if (text == NULL)
		return (struct value){.kind = KIND_NULL};
	return (struct value){.kind = KIND_TEXT, .data = text, .len = strlen(text)};
}

static inline struct value as_integer(int64_t integer)
{
	return (struct value){.kind = KIND_INTEGER, .integer = integer};
}

static inline struct value as_blob(const void *data, size_t len) /* NULL becomes SQL's null */
{
	if (data == NULL)
		return (struct value){.kind = KIND_NULL};
	return (struct value){.kind = KIND_BLOB, .data = data, .len = len};
}

/* A column of a result and the member of a struct that it fills. */
struct column {
	const char *name; /* the name of the column, and of the member */
	unsigned kind;    /* an enum kind, or an enum kind | KIND_OR_NULL */
	size_t offset;
	size_t size;
};
#define COLUMN(type, member, kind)                                                                 \
	{                                                                                          \
#member, kind, offsetof(type, member), sizeof(((type *)0)->member)                 \
	}

#define ROW_COLUMNS_MAX  8
#define ROW_SIZE_MAX     160
#define QUERY_PARAMS_MAX 8

struct row_type {
	size_t size;
	const struct column *columns; /* in the order of the SELECT */
	size_t count;                 /* at most ROW_COLUMNS_MAX */
};

/* The description of a query, in query_sql.c. */
struct query_sql {
	const char *sql;
	const char *postgresql; /* the SQL for PostgreSQL; NULL if `sql` works for both */
	unsigned char params[QUERY_PARAMS_MAX + 1]; /* parameter kinds; KIND_NULL ends the list */
	const struct row_type *row;                 /* NULL if the query returns no rows */
};
extern const struct query_sql queries[QUERY_COUNT];

/* ---- run a single query: query.c ---- */

/*
 * Finds one row. *row is the struct of the query, or a plain variable if the query has only one
 * column. *row is set only on success, and the caller clears *row. Returns STATUS_NOT_FOUND if
 * there is no row; this is not a failure, and err is not set.
 */
enum status store_find(struct store *store, enum query query, struct values values, void *row,
		       struct error *err);

/*
 * Runs a query in its own transaction. *changed becomes the number of rows that were inserted,
 * updated or deleted; changed can be NULL. Returns STATUS_CONFLICT if a value that must be unique
 * exists already. Returns STATUS_BAD_REQUEST if the schema forbids a value.
 */
enum status store_run(struct store *store, enum query query, struct values values, int *changed,
		      struct error *err);

/*
 * Like store_run, for a row that must exist. Returns STATUS_NOT_FOUND if nothing was changed, and
 * does not set err.
 */
enum status store_change(struct store *store, enum query query, struct values values,
			 struct error *err);

/*
 * Reads all rows before it returns. If each row were printed while the query runs, a stopped
 * terminal could keep a read transaction open, and the transaction would block writers. The caller
 * clears *list, also after a failure.
 */
struct row_list {
	enum query query;
	void *rows; /* an array of the query's structs */
	size_t count;
};
enum status store_list(struct store *store, enum query query, struct values values,
		       struct row_list *list, struct error *err);

/* Frees what the rows own, and wipes their secrets. */
void row_clear(enum query query, void *row); /* NULL is allowed */
void row_list_clear(struct row_list *list);

/* ---- run several queries on one connection: pool.c ---- */

struct connection; /* connection.h */

#define STORE_CONNECTIONS_MAX 4    /* 75 KiB each; eight are no faster, because queries are short */
#define STORE_BORROW_WAIT_MS  2000 /* if the wait is longer, the disk has stopped responding */

/*
 * Lends a connection to one function. If all STORE_CONNECTIONS_MAX connections are lent, waits at
 * most STORE_BORROW_WAIT_MS for one. Returns STATUS_UNAVAILABLE if none was returned in that time,
 * or if the database is missing or damaged.
 */
enum status store_borrow(struct store *store, struct connection **out, struct error *err);
void store_return(struct store *store,
		  struct connection *db); /* resets its statements; rolls back */

/*
 * The key of a transaction identifies the data that the transaction reads before it writes. Every
 * transaction that changes this data must use the same key. Two transactions with the same key
 * never run at the same time. On a server, transactions with different keys can run at the same
 * time. Each statement then sees what other transactions have committed before it.
 */
struct store_key {
	const char *scope;    /* one of KEY_… */
	const char *names[2]; /* identify the data in that scope; an unused name is NULL */
	bool disposable;      /* the changes can be lost in a power failure */
};

/* The scopes. Each comment says which data a key of this scope protects, and lists its names. */
#define KEY_USER      "user"      /* sessions, password, revocation; names: source, user */
#define KEY_NAME      "name"      /* our own users whose names look alike; name: the folded name */
#define KEY_ACCOUNT   "account"   /* the owner of an XMPP account; names: localpart, domain */
#define KEY_MAP       "map"       /* the rows of the JID map; no names */
#define KEY_NONCE     "nonce"     /* a one-time token; name: its nonce */
#define KEY_DATABASE  "database"  /* migrations, and the site that owns the database; no names */
#define KEY_LIMIT     "limit"     /* a bucket of a limit; names: the limit's scope and key */
#define KEY_UPSTREAM  "upstream"  /* the state of an upstream; name: its URL */
#define KEY_STATEMENT "statement" /* a single statement, which needs no lock; no names */

/*
 * Begin and end a function that writes. Only one thread of a store writes to an SQLite file at a
 * time, so store_begin can wait, at most STORE_BORROW_WAIT_MS. Then it borrows a connection and
 * begins a transaction. store_end commits if status is STATUS_OK; otherwise it rolls back. Then it
 * returns the connection.
 */
enum status store_begin(struct store *store, const struct store_key *key, struct connection **out,
			struct error *err);
enum status store_end(struct store *store, struct connection *db, enum status status,
		      struct error *err);

#endif
