/*
 * A client of PostgreSQL, for our own database (store/) and the site's (sitedb/). It loads libpq at
 * the first connection. No call waits longer than the connection's deadline.
 */
#ifndef DB_POSTGRESQL_H
#define DB_POSTGRESQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/site_uri.h"

struct postgresql;        /* a connection; only one thread at a time can use it */
struct postgresql_result; /* what a statement returned */

/* Object ids of data types, from PostgreSQL's pg_type.dat; they never change. */
enum {
	POSTGRESQL_BOOL = 16,
	POSTGRESQL_BYTES = 17,
	POSTGRESQL_INT8 = 20,
	POSTGRESQL_INT4 = 23,
	POSTGRESQL_TEXT = 25,
};

/* Why a call failed. */
struct postgresql_failure {
	char code[6];     /* SQLSTATE if the server sent an error; "" if the connection is lost */
	struct error err; /* its status is STATUS_UNAVAILABLE; its text says what failed */
};

struct postgresql_target {
	const struct site_uri *uri;
	const char *password; /* "" for none */
	const char *session;  /* SQL to run after connecting */
	bool writes;          /* if there are several hosts, use only one that accepts writes */
};

/*
 * Connects. Uses TLS and checks the certificate, unless the server is on this host. If there are
 * several hosts, uses the first host that answers and has the right role. Returns
 * STATUS_UNAVAILABLE if libpq is not installed, the server cannot be reached, or the server refuses
 * the connection. The caller disconnects *out.
 */
enum status postgresql_connect(const struct postgresql_target *target, int64_t until_ms,
			       struct postgresql **out, struct error *err);
void postgresql_disconnect(struct postgresql *connection); /* NULL is allowed */

/* Sets the deadline of the following calls. until_ms is monotonic. */
void postgresql_set_deadline(struct postgresql *connection, int64_t until_ms);

/* True if the connection can no longer be used, or is NULL. */
bool postgresql_is_lost(const struct postgresql *connection);
void postgresql_give_up(struct postgresql *connection); /* marks it as lost */

/* True if the connection was lost because the server did not answer before the deadline. */
bool postgresql_was_silent(const struct postgresql *connection);

/*
 * Returns false if the server closed the idle connection, or if the server sent something while the
 * connection was idle. For example, the server can send a message that it is going to stop.
 */
bool postgresql_is_current(struct postgresql *connection);

/*
 * The following calls return STATUS_OK, or they set *why and return STATUS_UNAVAILABLE. *out is set
 * to the last result, which the caller clears. out can be NULL.
 */
enum status postgresql_script(struct postgresql *connection, const char *sql,
			      struct postgresql_result **out, struct postgresql_failure *why);

/*
 * The member `types` is an array with the type of each parameter. 0 means that the server
 * determines the type.
 */
struct postgresql_statement_text {
	const char *name;
	const char *sql;
	const unsigned *types;
	size_t count;
};
enum status postgresql_prepare(struct postgresql *connection,
			       const struct postgresql_statement_text *text,
			       struct postgresql_failure *why);
enum status postgresql_describe(struct postgresql *connection, const char *name,
				struct postgresql_result **out, struct postgresql_failure *why);

struct postgresql_values {
	const char *const *values; /* a NULL element is an SQL null */
	const int *lengths;        /* NULL if all values are text */
	const int *formats;        /* 1 for binary; NULL if all values are text */
	size_t count;
	bool binary; /* the result is to be in binary form */
};
enum status postgresql_execute(struct postgresql *connection, const char *name,
			       const struct postgresql_values *values,
			       struct postgresql_result **out, struct postgresql_failure *why);

int postgresql_rows(const struct postgresql_result *result);
int postgresql_columns(const struct postgresql_result *result);
unsigned postgresql_column_type(const struct postgresql_result *result, int column);
int postgresql_params(const struct postgresql_result *described);
unsigned postgresql_param_type(const struct postgresql_result *described, int param);
bool postgresql_is_null(const struct postgresql_result *result, int row, int column);
const char *postgresql_value(const struct postgresql_result *result, int row, int column);
size_t postgresql_length(const struct postgresql_result *result, int row, int column);
int postgresql_changed(const struct postgresql_result *result);      /* number of changed rows */
const char *postgresql_done(const struct postgresql_result *result); /* tag, such as "INSERT 0 1" */
void postgresql_clear(struct postgresql_result *result);             /* NULL is allowed */

#endif
