/*
 * SQLite as a kind of site database: declarations that sqlite.c and sqlite_guard.c share.
 */
#ifndef SITEDB_SQLITE_H
#define SITEDB_SQLITE_H

#include "sitedb/sitedb.h"
#include "store/foreign.h"

#define SQLITE_NAME_MAX 64 /* bytes of a table's or function's name in messages */

/* A connection with a guard. It must stay at its address, because the guard points to it. */
struct sqlite_site {
	struct connection *db;
	struct sqlite_query *queries; /* owned */
	char **tables; /* owned; the tables and views that queries are allowed to read */
	size_t n_tables;
	bool no_memory; /* true if memory ran out while the names of the tables were read */
	char denied[SQLITE_NAME_MAX];
	enum guarded denied_what;
};

/* A checked statement of a connection. */
struct sqlite_query {
	struct sqlite_query *next;
	struct sqlite_site *site; /* borrowed */
	struct statement *statement;
	/* position of each of spec->columns in the statement; -1 if not returned */
	int columns[SITE_QUERY_COLUMNS_MAX];
	/* SQLite's number of each parameter in spec->asked; 0 if not used */
	int params[SITE_QUERY_PARAMS_MAX];
};

/* Reads the names of the tables, then sets the guard. */
enum status sqlite_guard_set(struct sqlite_site *site, struct error *err);

/*
 * Prepares query->statement from the text and checks it. The errors are those of site_query_open.
 */
enum status sqlite_guard_prepare(const struct site_query_text *text, struct sqlite_query *query,
				 struct error *err);

#endif
