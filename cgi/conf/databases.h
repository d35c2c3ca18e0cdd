/*
 * Finds out if two paths of `database` lead to the same file. No two sites of a configuration are
 * allowed to share a file, because each would accept the other's logins. Internal to conf/.
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
	long line;   /* line of its `database` */
};

enum status databases_new(struct databases **out, struct error *err);
void databases_free(struct databases *databases); /* NULL is allowed */

/*
 * Adds a site's file; path is absolute. If an earlier site has the same file, nothing is added, and
 * *other is that site, borrowed from databases. Otherwise *other is NULL.
 */
enum status databases_add(struct databases *databases, const char *path,
			  const struct database_use *use, const struct database_use **other,
			  struct error *err);

/* Returns true if two absolute paths lead to one file. Returns false also if out of memory. */
bool databases_same(const char *a, const char *b);

/*
 * Returns the end of path if it is that of a side file, such as SQLite's log or our limits,
 * otherwise NULL. A database with such a name could be the side file of another database.
 */
const char *databases_side_suffix(const char *path);

/* Removes the databases of all sites from index first_site on, because these sites are left out. */
void databases_forget(struct databases *databases, size_t first_site);

#endif
