/*
 * A client of PostgreSQL: our own database (store/) and the site's (sitedb/) use it. It loads libpq
 * at the first connection. No call waits longer than the connection's deadline.
 */
#ifndef DB_POSTGRESQL_H
#define DB_POSTGRESQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/site_uri.h"

struct postgresql;        /* a connection; one thread at a time uses it */
struct postgresql_result; /* what a statement returned */

/* Numbers of types, from pg_type.dat; they never change. */
enum {
	POSTGRESQL_BOOL = 16,
	POSTGRESQL_BYTES = 17,
	POSTGRESQL_INT8 = 20,
	POSTGRESQL_INT4 = 23,
	POSTGRESQL_TEXT = 25,
};

/* Why a call failed. */
struct postgresql_failure {
	char code[6];     /* SQLSTATE, if the server refused; "": the connection is lost */
	struct error err; /* STATUS_UNAVAILABLE, and what the server said */
};

struct postgresql_target {
	const struct site_uri *uri;
	const char *password; /* "": none */
	const char *session;  /* SQL that is run first */
	bool writes;          /* of several hosts, only one that takes writes is right */
};

/*
 * Connects, with TLS and a certificate that is checked unless the server is on this host.
 * STATUS_UNAVAILABLE: libpq is not there, or the server cannot be reached or refuses. The caller
 * disconnects *out. Of several hosts the first that answers and has the right role is taken.
 */
enum status postgresql_connect(const struct postgresql_target *target, int64_t until_ms,
			       struct postgresql **out, struct error *err);
void postgresql_disconnect(struct postgresql *connection); /* NULL is allowed */

/* The deadline of the following calls; monotonic. */
void postgresql_set_deadline(struct postgresql *connection, int64_t until_ms);

/* True: it can be used no more. NULL: so it is. */
bool postgresql_is_lost(const struct postgresql *connection);
void postgresql_give_up(struct postgresql *connection); /* it is taken for lost from now on */

/* True: it was lost because the server did not answer until the deadline. */
bool postgresql_was_silent(const struct postgresql *connection);

/* False: while the connection was idle, the server closed it or said something about its end. */
bool postgresql_is_current(struct postgresql *connection);

/*
 * The calls. They return STATUS_OK, or STATUS_UNAVAILABLE and set *why. *out is the last result;
 * the caller clears it. out may be NULL.
 */
enum status postgresql_script(struct postgresql *connection, const char *sql,
			      struct postgresql_result **out, struct postgresql_failure *why);

/* types: of the parameters; 0: the server finds out. */
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
	const char *const *values; /* NULL: null */
	const int *lengths;        /* NULL: all are texts */
	const int *formats;        /* 1: bytes; NULL: all are texts */
	size_t count;
	bool binary; /* so shall the result be */
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
int postgresql_changed(const struct postgresql_result *result);      /* rows that were written */
const char *postgresql_done(const struct postgresql_result *result); /* "COMMIT", "INSERT 0 1" … */
void postgresql_clear(struct postgresql_result *result);             /* NULL is allowed */

#endif
