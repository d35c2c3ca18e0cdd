/*
 * What the tests of the store share: a folder of their own with a migrated database in it, gone
 * afterwards.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "store/store.h"
#include "unit.h"

#define FIXTURE_SITE "test" /* whose database it is */

/* What makes it, for store_migrate. */
#define FIXTURE_MIGRATION(file)                                                                    \
	(&(struct store_migration){.location = {.database = (file)}, .site = FIXTURE_SITE})

struct fixture {
	const char *dir; /* the unit test's folder */
	char path[96];   /* of the database */
	struct store *store;
};

/* An empty folder; no database yet. */
static inline int fixture_folder(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	unit_folder_make(NULL);
	f->dir = unit_folder();
	snprintf(f->path, sizeof(f->path), "%s/prebind.db", f->dir);
	*state = f;
	return 0;
}

static inline void fixture_open(struct fixture *f)
{
	assert_ok(store_migrate(FIXTURE_MIGRATION(f->path), NULL, ERR));
	assert_ok(store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &f->store,
			     ERR));
}

static inline int fixture_store(void **state)
{
	fixture_folder(state);
	fixture_open(*state);
	return 0;
}

static inline int fixture_remove(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	free(f);
	return unit_folder_remove(NULL);
}

#endif
