/*
 * The schema migrations of sql/migrations, which sql/embed writes into build/migrations.c. The
 * migrations are in order and numbered from 1 without a gap. The migrations for PostgreSQL have the
 * same numbers and names. Internal to store/.
 */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
	int number;
	const char *name; /* the file name without ".sql" */
	const char *sql;
};

extern const struct migration migrations[];            /* for SQLite */
extern const struct migration migrations_postgresql[]; /* the same number of entries */
extern const size_t migrations_count;                  /* at least 1 */

#endif
