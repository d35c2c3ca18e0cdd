/*
 * Declarations shared by the two files that implement site_query.h. No other file includes this
 * one.
 */
#ifndef STORE_FOREIGN_H
#define STORE_FOREIGN_H

#include "store/site_query.h"
#include "store/connection.h"

#define SITE_QUERY_PARAMS_MAX 8
#define SITE_QUERY_NAME_MAX   64 /* bytes of a table's or function's name, in messages */

/* The text of a query and its origin. */
struct site_query_text {
	const struct site_query_spec *spec;
	char *sql;
};

/* A connection with the checked statement. It must not move in memory: the guard points to it. */
struct site_query_seat {
	struct connection *db;
	struct statement *statement;
	int columns[SITE_QUERY_COLUMNS_MAX]; /* column of the statement; -1: not returned */
	int params[SITE_QUERY_PARAMS_MAX];   /* parameter numbers of spec->asked; 0: not used */
	char **tables;                       /* owned; the tables and views that may be read */
	size_t n_tables;
	bool no_memory; /* memory ran out while the tables were read */
	char denied[SITE_QUERY_NAME_MAX];
	enum guarded denied_what;
};

/*
 * Sets the guard of seat->db, then makes and checks the statement. Errors as for site_query_open.
 */
enum status site_query_prepare(const struct site_query_text *text, struct site_query_seat *seat,
			       struct error *err);

#endif
