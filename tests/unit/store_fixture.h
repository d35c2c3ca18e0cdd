/*
 * What the tests of the store share: a folder of their own with a migrated database in it, gone
 * afterwards. Included after cmocka.h.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

/* TODO */
int unit_folder_make(void **state);
int unit_folder_remove(void **state);
const char *unit_folder(void);

#define FIXTURE_SITE "test" /* whose database it is */

/* What makes it, for store_migrate. */
#define FIXTURE_MIGRATION(file) (&(struct store_migration){.path = (file), .site = FIXTURE_SITE})

struct fixture {
	const char *dir; /* the unit test's folder */
	char path[96];   /* of the database */
	struct store *store;
};

static inline void fixture_fail(const char *what, const struct error *err)
{
	fail_msg("%s: %s", what, err->text);
}

/* An empty folder; no database yet. */
static inline int fixture_folder(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	unit_folder_make(NULL);
	f->dir = unit_folder();
	snprintf(f->path, sizeof f->path, "%s/prebind.db", f->dir);
	*state = f;
	return 0;
}

static inline void fixture_open(struct fixture *f)
{
	struct error err;

	if (store_migrate(FIXTURE_MIGRATION(f->path), NULL, &err) != STATUS_OK)
		fixture_fail("migrate", &err);
	if (store_open(f->path, FIXTURE_SITE, &f->store, &err) != STATUS_OK)
		fixture_fail("open", &err);
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
