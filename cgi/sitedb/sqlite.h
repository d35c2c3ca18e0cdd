/*
 * SQLite as a kind of site database: what sqlite.c and sqlite_guard.c share.
 */
#ifndef SITEDB_SQLITE_H
#define SITEDB_SQLITE_H

#include "sitedb/sitedb.h"
#include "store/foreign.h"

#define SQLITE_NAME_MAX 64 /* bytes of a table's or function's name, in messages */

/* A connection with a guard. It must not move in memory, because the guard points to it. */
struct sqlite_site {
	struct connection *db;
	struct sqlite_query *queries; /* owned */
	char **tables;                /* owned; the tables and views that queries can read */
	size_t n_tables;
	bool no_memory; /* memory ran out while the tables were read */
	char denied[SQLITE_NAME_MAX];
	enum guarded denied_what;
};

/* A checked statement on a connection. */
struct sqlite_query {
	struct sqlite_query *next;
	struct sqlite_site *site; /* borrowed */
	struct statement *statement;
	int columns[SITE_QUERY_COLUMNS_MAX]; /* columns of the statement; -1 if not returned */
	int params[SITE_QUERY_PARAMS_MAX];   /* parameter numbers of spec->asked; 0 if not used */
};

/* Reads the names of the tables, and sets the guard. */
enum status sqlite_guard_set(struct sqlite_site *site, struct error *err);

/* Makes query->statement from the text and checks it. The errors are those of site_query_open. */
enum status sqlite_guard_prepare(const struct site_query_text *text, struct sqlite_query *query,
				 struct error *err);

#endif
