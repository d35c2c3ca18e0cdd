/*
 * Finds out if two values of `database` mean the same database. Two sites must not share a
 * database, because each site would accept logins of the other site. Internal to conf/.
 */
#ifndef CONF_DATABASES_H
#define CONF_DATABASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct databases; /* the databases of the sites that were read so far */

/* Says which site uses a database, for error sentences. */
struct database_use {
	size_t site; /* index in conf->sites */
	long line;   /* line of the site's key `database` */
};

enum status databases_new(struct databases **out, struct error *err);
void databases_free(struct databases *databases); /* accepts NULL */

/*
 * Adds the file of a site; path is absolute. If an earlier site has the same file, adds nothing and
 * sets *other to that site's entry, which is borrowed from databases. Otherwise sets *other to
 * NULL.
 */
enum status databases_add(struct databases *databases, const char *path,
			  const struct database_use *use, const struct database_use **other,
			  struct error *err);

/*
 * Returns true if both absolute paths lead to one file. Returns false if they do not, or if out of
 * memory.
 */
bool databases_same(const char *a, const char *b);

/*
 * If path ends like a side file (SQLite's log, or our limits), returns this ending, otherwise NULL.
 * A database with this ending could be mistaken for a side file of another database.
 */
const char *databases_side_suffix(const char *path);

/*
 * Removes the databases of all sites whose index is at least first_site. Called when the
 * configuration ignores these sites.
 */
void databases_forget(struct databases *databases, size_t first_site);

#endif
