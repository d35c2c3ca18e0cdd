/*
 * What the two files of site_query.h share; nobody else includes it.
 */
#ifndef STORE_SITE_QUERY_PARTS_H
#define STORE_SITE_QUERY_PARTS_H

#include "store/site_query.h"
#include "store/statement.h"

#define SITE_QUERY_PARAMS_MAX 8
#define SITE_QUERY_NAME_MAX   64 /* of a table or function, in messages */

/* A query's text, and where it came from. */
struct site_query_text {
	const struct site_query_spec *spec;
	char *sql;
};

/* One connection with the checked statement in it; it keeps its address, for the guard's sake. */
struct site_query_seat {
	struct connection *db;
	struct statement *statement;
	int columns[SITE_QUERY_COLUMNS_MAX]; /* of the statement; -1: not returned */
	int params[SITE_QUERY_PARAMS_MAX];   /* numbers of spec->asked; 0: not used */
	char **tables;                       /* real ones: what may be read */
	size_t n_tables;
	bool no_memory; /* while they were read */
	char denied[SITE_QUERY_NAME_MAX];
	enum guarded denied_what;
};

/* Puts up the guard in seat->db, and makes and checks the statement; errors as site_query_open. */
enum status site_query_prepare(const struct site_query_text *text, struct site_query_seat *seat,
			       struct error *err);

#endif
