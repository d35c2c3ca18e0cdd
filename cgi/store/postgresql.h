/*
 * Declarations that the postgresql_*.c files share. These files implement connection.h with
 * PostgreSQL, through the client in db/postgresql.h. Internal to store/.
 */
#ifndef STORE_POSTGRESQL_H
#define STORE_POSTGRESQL_H

#include "conf/site_uri.h"
#include "db/postgresql.h"
#include "store/connection.h"

/*
 * The longest time for one statement, including the wait for a key or row that another transaction
 * has locked. This time is less than the deadline of any request.
 */
#define SERVER_STATEMENT_MS 2000
/* If a call takes longer, the connection is abandoned. */
#define SERVER_CALL_MS 2500
/* The longest time to connect, including TLS and the password. */
#define SERVER_CONNECT_MS 2000
/* The limit for migrations and for copies of whole tables, which only the operator starts. */
#define SERVER_LONG_MS (10 * 60 * 1000)

struct remote_connection {
	struct connection common;
	struct site_uri uri;
	char *password_file;       /* owned */
	struct postgresql *server; /* NULL while not connected */
	bool in_transaction;
	int call_ms; /* the time limit of each call, in force until connection_reset */
	bool prepared[QUERY_COUNT];
	int64_t clock_us;    /* the server's clock when it was last read */
	int64_t clock_at_us; /* the monotonic clock when clock_us was read; 0 if never */
};

static inline struct remote_connection *remote(const struct connection *db)
{
	return (struct remote_connection *)(void *)db;
}

/* Converts a failure to a status, and to a sentence for the operator. */
enum status remote_failed(struct connection *db, const struct postgresql_failure *why,
			  struct error *err);

/*
 * True if the call failed because the connection was lost, and there is now a new connection. The
 * caller can then repeat the call.
 */
bool remote_connected_again(struct connection *db);

/* Sets the deadline of the next call, in milliseconds from now. */
void remote_deadline_set(struct connection *db, int milliseconds);

/* Runs constant SQL within the deadline that remote_deadline_set has set. */
enum status remote_script(struct connection *db, const char *sql, struct error *err);

/* ---- postgresql_setup.c ---- */

enum status remote_schema(struct connection *db, int *out, struct error *err);
enum status remote_set_schema(struct connection *db, int number, struct error *err);
enum status remote_verify(struct connection *db, struct error *err);

/* ---- postgresql_statement.c ---- */

/* Prepares a query unless it is prepared already. */
enum status remote_prepare(struct connection *db, enum query query, struct error *err);
enum status remote_find(struct connection *db, enum query query, struct values values, void *row,
			struct error *err);
enum status remote_run(struct connection *db, enum query query, struct values values, int *changed,
		       struct error *err);
enum status remote_list(struct connection *db, enum query query, struct values values,
			struct row_list *list, struct error *err);

#endif
