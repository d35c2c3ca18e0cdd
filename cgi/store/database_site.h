/*
 * The site that a database belongs to, and the keys of that site. A database has exactly one site.
 * The database's other tables do not record the site, so a second site in the database would share
 * the logins of the first.
 */
#ifndef STORE_DATABASE_SITE_H
#define STORE_DATABASE_SITE_H

#include <stdbool.h>

#include "base/secret.h"
#include "store/store.h"

/*
 * Returns a key that all processes of the site share. The key is not configured. The first process
 * that needs the key creates it from random bytes. `purpose` says what the key is for, such as
 * "csrf".
 */
enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err);

/* ---- for the other files of store/ ---- */

struct connection;

/*
 * Refuses a database that belongs to another site or to no site. Must not be called in a
 * transaction.
 */
enum status database_site_check(struct connection *db, const char *site, struct error *err);

/*
 * Writes the site into a database that belongs to no site. The caller must have a transaction open.
 * If the database belongs to another site, this function refuses the database, unless `adopt` is
 * set. If `adopt` is set, the database becomes the database of this site. All logins in the
 * database then end, and its keys are deleted. This is necessary because the database might be a
 * copy, and the other site might still use the original. *before is set to the name of the other
 * site, which the caller frees. If there was no other site, *before is not changed.
 */
enum status database_site_claim(struct connection *db, const char *site, bool adopt, char **before,
				struct error *err);

#endif
