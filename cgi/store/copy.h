/*
 * Copies a database to another one, perhaps of another kind: from SQLite to PostgreSQL or back.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

#define STORE_COPY_TABLES 9

struct store_copy {
	struct store_place from; /* has this program's schema, and belongs to the site */
	struct store_place to;   /* has nothing, or only empty tables */
	const char *site;
	/* Set: the tables, and how many rows each has. */
	struct {
		const char *table;
		size_t rows;
	} copied[STORE_COPY_TABLES];
};

/*
 * Copies all tables in one transaction; the limits are left behind. Nobody can write to either
 * database meanwhile. STATUS_CONFLICT: the target has rows, or is the source. After a failure it
 * has what it had.
 */
enum status store_copy(struct store_copy *what, struct error *err);

#endif
