/*
 * Queries of our own database. Each is one call here. For each, sql.c has the SQL, the kinds of the
 * parameters, and the struct for a row. Internal to store/. This works for every kind of database:
 * connection.h declares what a kind must implement.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "store/store.h"

/* All queries. sql.c has the text of each and lists its parameters. */
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

	/* A pair for each table, see copy.c. */
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

/* What a parameter or a column is. */
enum kind {
	KIND_NULL,    /* as a parameter: there are no more */
	KIND_TEXT,    /* char *; owned by the row; UTF-8 without a NUL */
	KIND_SECRET,  /* the same, and wiped when the row is cleared */
	KIND_INTEGER, /* int64_t */
	KIND_FLAG,    /* bool */
	KIND_BLOB,    /* bytes; in a row always as many as the member has */
};
#define KIND_OR_NULL 0x80U /* null is allowed: the member of a row stays 0 */

/* A value for a parameter. It is borrowed until the call that gets it returns. */
struct value {
	enum kind kind;   /* KIND_NULL, KIND_TEXT, KIND_INTEGER or KIND_BLOB */
	const void *data; /* of a text or a blob */
	size_t len;
	int64_t integer;
};
struct values {
	const struct value *list;
	size_t count;
};

/* VALUES(as_text(name), as_integer(now)): one for each parameter of the query, in order. */
#define VALUES(...)                                                                                \
	((struct values){                                                                          \
	    (const struct value[]){__VA_ARGS__},                                                   \
	    sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value),                    \
	})
#define NO_VALUES ((struct values){NULL, 0})

static inline struct value as_text(const char *text) /* NULL becomes null */
{
	if (text == NULL)
		return (struct value){.kind = KIND_NULL};
	return (struct value){.kind = KIND_TEXT, .data = text, .len = strlen(text)};
}

static inline struct value as_integer(int64_t integer)
{
	return (struct value){.kind = KIND_INTEGER, .integer = integer};
}

static inline struct value as_blob(const void *data, size_t len) /* NULL becomes null */
{
	if (data == NULL)
		return (struct value){.kind = KIND_NULL};
	return (struct value){.kind = KIND_BLOB, .data = data, .len = len};
}

/* A column of a result and the member of a struct that it fills. */
struct column {
	const char *name; /* of both */
	unsigned kind;    /* enum kind, perhaps with KIND_OR_NULL */
	size_t offset;
	size_t size;
};
#define COLUMN(type, member, kind)                                                                 \
	{                                                                                          \
#member, kind, offsetof(type, member), sizeof(((type *)0)->member)                 \
	}

#define ROW_COLUMNS_MAX  8
#define ROW_SIZE_MAX     160
#define QUERY_PARAMS_MAX 7

struct row_type {
	size_t size;
	const struct column *columns; /* in the order of the SELECT */
	size_t count;                 /* at most ROW_COLUMNS_MAX */
};

/* What sql.c says about a query. */
struct query_sql {
	const char *sql;
	const char *postgresql; /* what PostgreSQL needs instead; NULL: the same */
	unsigned char params[QUERY_PARAMS_MAX + 1]; /* their kinds, up to KIND_NULL */
	const struct row_type *row;                 /* NULL: the query returns no rows */
};
extern const struct query_sql queries[QUERY_COUNT];

/* ---- one query each: query.c ---- */

/*
 * Finds one row. *row is the struct of the query, or the variable if it has one column; it is set
 * only on success, and the caller clears it. STATUS_NOT_FOUND: there is no row. That is no failure,
 * and err is left alone.
 */
enum status store_find(struct store *store, enum query query, struct values values, void *row,
		       struct error *err);

/*
 * Runs a query in a transaction of its own. *changed: how many rows were inserted, updated or
 * deleted; changed may be NULL. STATUS_CONFLICT: a value that must be unique exists already.
 * STATUS_BAD_REQUEST: the schema forbids a value.
 */
enum status store_run(struct store *store, enum query query, struct values values, int *changed,
		      struct error *err);

/*
 * Like store_run, for a row that must exist. STATUS_NOT_FOUND: nothing was changed; err is left
 * alone.
 */
enum status store_change(struct store *store, enum query query, struct values values,
			 struct error *err);

/*
 * Reads all rows before the caller sees the first. A stopped terminal must not keep a read
 * transaction open, because that blocks writers. The caller clears *list, also after a failure.
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

/* ---- several queries: pool.c lends a connection for one function ---- */

struct connection; /* connection.h */

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
 * What a transaction reads before it writes, as a key that all who change it use too: two
 * transactions of one key never run at the same time. Those of different keys may, if a server has
 * the database: there each sees what the other has committed, from one statement to the next.
 */
struct store_key {
	const char *scope;    /* KEY_… */
	const char *names[2]; /* what in that scope; NULL: there is no more */
	bool disposable;      /* what it writes may be lost by a power failure */
};
#define KEY_USER      "user"      /* source, user: sessions of a user, and what they rest on */
#define KEY_NAME      "name"      /* folded name: our own users who look alike */
#define KEY_ACCOUNT   "account"   /* localpart, domain: who owns an XMPP account */
#define KEY_MAP       "map"       /* rows of the JID map */
#define KEY_NONCE     "nonce"     /* nonce: a one-time token */
#define KEY_DATABASE  "database"  /* migrations, and to which site it belongs */
#define KEY_LIMIT     "limit"     /* bucket */
#define KEY_UPSTREAM  "upstream"  /* URL */
#define KEY_STATEMENT "statement" /* one statement, which needs no key */

/*
 * Begin and end a function that writes. Of a file only one thread of a store writes at a time, so
 * store_begin may wait, at most STORE_BORROW_WAIT_MS. Then it borrows a connection and begins a
 * transaction. store_end commits if status is STATUS_OK, otherwise rolls back, and returns the
 * connection.
 */
enum status store_begin(struct store *store, const struct store_key *key, struct connection **out,
			struct error *err);
enum status store_end(struct store *store, struct connection *db, enum status status,
		      struct error *err);

#endif
