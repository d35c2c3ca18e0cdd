/*
 * The schema migrations of sql/migrations, as sql/embed put them into build/migrations.c: in order,
 * numbered from 1 without a gap. Internal to store/.
 */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
	int number;
	const char *name; /* the file's, without ".sql" */
	const char *sql;
};

extern const struct migration migrations[];
extern const size_t migrations_count; /* at least 1 */

#endif
