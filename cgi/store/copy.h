/*
 * Copies all rows of one database to another, for example from SQLite to PostgreSQL.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

#define STORE_COPY_TABLES 9

struct store_copy {
	struct store_location from; /* must have this program's schema, and belong to the site */
	struct store_location to;   /* must be empty, or have only empty tables */
	const char *site;
	/* Output: the name of each table, and the number of rows that were copied from it. */
	struct {
		const char *table;
		size_t rows;
	} copied[STORE_COPY_TABLES];
};

/*
 * Copies all tables except the limits, in one transaction. During the copy no other process can
 * write to either database. Returns STATUS_CONFLICT if the target has rows, or if the target is the
 * source. After a failure the target has no new rows.
 */
enum status store_copy(struct store_copy *what, struct error *err);

#endif
