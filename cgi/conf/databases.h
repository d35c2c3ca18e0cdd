/*
 * Which file a `database` is, by whatever path it is named: no two sites of a configuration have
 * the same one, for each would accept the other's logins. Internal to conf/.
 */
#ifndef CONF_DATABASES_H
#define CONF_DATABASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct databases; /* those of the sites so far */

/* A site's database, as a message names it. */
struct database_use {
	size_t site; /* in conf->sites */
	long line;   /* of its `database` */
};

enum status databases_new(struct databases **out, struct error *err);
void databases_free(struct databases *databases); /* takes NULL */

/*
 * Adds the file for the site; path is absolute. *other: NULL, or which earlier site has that file
 * already (then it is not added); borrowed from databases.
 */
enum status databases_add(struct databases *databases, const char *path,
			  const struct database_use *use, const struct database_use **other,
			  struct error *err);

/* Whether two absolute paths lead to one file; false where there is no memory to tell. */
bool databases_same(const char *a, const char *b);

/*
 * The end of a name that stands beside a database, as its limits and SQLite's log do; NULL: it has
 * no such end. A database of that name could be the side file of another.
 */
const char *databases_side_suffix(const char *path);

/* Takes out those of the sites from that one on: they are left out. */
void databases_forget(struct databases *databases, size_t first_site);

#endif
