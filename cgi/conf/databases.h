/*
 * Finds out if two paths of `database` lead to the same file. No two sites of a configuration may
 * share one, because each would accept the other's logins. Internal to conf/.
 */
#ifndef CONF_DATABASES_H
#define CONF_DATABASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct databases; /* the databases of the sites read so far */

/* A site's database, for error sentences. */
struct database_use {
	size_t site; /* index in conf->sites */
	long line;   /* of its `database` */
};

enum status databases_new(struct databases **out, struct error *err);
void databases_free(struct databases *databases); /* NULL is allowed */

/*
 * Adds a site's file; path is absolute. *other is NULL, or the earlier site that has the same file,
 * borrowed from databases; then nothing is added.
 */
enum status databases_add(struct databases *databases, const char *path,
			  const struct database_use *use, const struct database_use **other,
			  struct error *err);

/* True if two absolute paths lead to one file; false also if out of memory. */
bool databases_same(const char *a, const char *b);

/*
 * Returns the end of path if it is that of a side file, such as SQLite's log or our limits; NULL:
 * it is not. A database of such a name could be the side file of another one.
 */
const char *databases_side_suffix(const char *path);

/* Removes the databases of all sites from first_site on, because they are left out. */
void databases_forget(struct databases *databases, size_t first_site);

#endif
