/*
 * PostgreSQL as a kind of site database: what postgresql.c and postgresql_statement.c share. It
 * includes libpq where the build has it; LIBPQ_FE_H is defined then.
 */
#ifndef SITEDB_POSTGRESQL_H
#define SITEDB_POSTGRESQL_H

#include "sitedb/library.h"
#include "sitedb/sitedb.h"

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#endif

#ifdef LIBPQ_FE_H

/* clang-format off */
#define LIBPQ_CALLS(X) \
	X(PQconnectStartParams) X(PQconnectPoll) X(PQfinish) X(PQstatus) X(PQsocket) \
	X(PQerrorMessage) X(PQsetnonblocking) X(PQsendQuery) X(PQsendPrepare) \
	X(PQsendDescribePrepared) X(PQsendQueryPrepared) X(PQflush) X(PQconsumeInput) \
	X(PQisBusy) X(PQgetResult) X(PQresultStatus) X(PQresultErrorField) X(PQclear) \
	X(PQntuples) X(PQnfields) X(PQftype) X(PQnparams) X(PQparamtype) X(PQgetisnull) \
	X(PQgetvalue) X(PQgetlength)
/* clang-format on */

/* The functions of libpq. They are set after the first connection was opened. */
extern struct libpq_calls {
#define X(name) typeof(name) *name;
	LIBPQ_CALLS(X)
#undef X
} libpq;

struct postgresql {
	PGconn *conn;
	struct postgresql_statement *statements; /* owned */
	unsigned n_statements;
	bool lost;
	int64_t until_ms; /* the end of the call that is under way */
};

struct postgresql_statement {
	struct postgresql_statement *next;
	struct postgresql *connection; /* borrowed */
	char name[16];
	Oid params[SELECT_PLACES_MAX];
	Oid columns[SITE_QUERY_COLUMNS_MAX]; /* in the statement's order */
};

/*
 * Waits for the last result of what was sent; `sent` is what the sending function returned. The
 * caller clears *out, which is set only if nothing failed.
 */
enum status postgresql_finish(struct postgresql *connection, int sent, PGresult **out,
			      struct error *err);

/* prepare and ask of struct sitedb_kind. */
enum status postgresql_prepare(void *handle, const struct site_query_text *text, int64_t until_ms,
			       void **out, struct error *err);
enum status postgresql_ask(void *statement, const struct site_query_text *text,
			   const struct sitedb_ask *ask, struct site_query_row *row,
			   struct error *err);

#endif

#endif
