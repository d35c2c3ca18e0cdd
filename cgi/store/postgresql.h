/*
 * What the postgresql_*.c files share: connection.h with PostgreSQL. db/postgresql.h is the client.
 * Internal to store/.
 */
#ifndef STORE_POSTGRESQL_H
#define STORE_POSTGRESQL_H

#include "conf/site_uri.h"
#include "db/postgresql.h"
#include "store/connection.h"

/*
 * How long the server may take for one statement, and how long a key or a row may be locked by
 * another: less than the deadline of any request.
 */
#define SERVER_STATEMENT_MS 2000
/* After that the connection is given up. */
#define SERVER_CALL_MS 2500
/* To connect, with TLS and the password. */
#define SERVER_CONNECT_MS 2000
/* For migrations and for copies of whole tables, which only the operator starts. */
#define SERVER_LONG_MS (10 * 60 * 1000)

struct remote_connection {
	struct connection common;
	struct site_uri uri;
	char *password_file;       /* owned */
	struct postgresql *server; /* NULL: not connected */
	bool in_transaction;
	int call_ms; /* the deadline of a call, until connection_reset */
	bool prepared[QUERY_COUNT];
	int64_t clock_us;    /* the server's, when it was read last … */
	int64_t clock_at_us; /* … and the monotonic time then; 0: never */
};

static inline struct remote_connection *remote(const struct connection *db)
{
	return (struct remote_connection *)(void *)db;
}

/* Turns a failure into a status and a sentence for the operator. */
enum status remote_failed(struct connection *db, const struct postgresql_failure *why,
			  struct error *err);

/* True: the call failed because the connection was lost, and may be made again on a new one. */
bool remote_connected_again(struct connection *db);

/* The deadline of the next call. */
void remote_hurry(struct connection *db, int milliseconds);

/* Runs constant SQL within the deadline. */
enum status remote_script(struct connection *db, const char *sql, struct error *err);

/* ---- postgresql_setup.c ---- */

enum status remote_schema(struct connection *db, int *out, struct error *err);
enum status remote_set_schema(struct connection *db, int number, struct error *err);
enum status remote_verify(struct connection *db, struct error *err);

/* ---- postgresql_statement.c ---- */

/* Prepares a query, if it is not prepared yet. */
enum status remote_prepare(struct connection *db, enum query query, struct error *err);
enum status remote_find(struct connection *db, enum query query, struct values values, void *row,
			struct error *err);
enum status remote_run(struct connection *db, enum query query, struct values values, int *changed,
		       struct error *err);
enum status remote_list(struct connection *db, enum query query, struct values values,
			struct row_list *list, struct error *err);

#endif
