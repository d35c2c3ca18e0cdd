/*
 * PostgreSQL as a kind of site database: declarations that postgresql.c and postgresql_statement.c
 * share.
 */
#ifndef SITEDB_POSTGRESQL_H
#define SITEDB_POSTGRESQL_H

#include "db/postgresql.h"
#include "sitedb/sitedb.h"

struct postgresql_site {
	struct postgresql *server;               /* owned */
	struct postgresql_statement *statements; /* owned */
	unsigned n_statements;
};

struct postgresql_statement {
	struct postgresql_statement *next;
	struct postgresql_site *site; /* borrowed */
	char name[16];
	unsigned params[SELECT_PLACES_MAX];
	/* types of the columns, in the order of the statement */
	unsigned columns[SITE_QUERY_COLUMNS_MAX];
};

/* Sets err from the failure of a query. Returns the status for that failure. */
enum status postgresql_site_failed(const struct postgresql_failure *why, struct error *err);

/* The functions `prepare` and `ask` of struct sitedb_kind. */
enum status postgresql_site_prepare(void *handle, const struct site_query_text *text,
				    int64_t until_ms, void **out, struct error *err);
enum status postgresql_site_ask(void *statement, const struct site_query_text *text,
				const struct sitedb_ask *ask, struct sitedb_rows *rows,
				struct error *err);

#endif
