/*
 * The site that a database belongs to, and the keys of that site. A database has exactly one site:
 * its other tables do not name one, so a second site in it would share the logins of the first.
 */
#ifndef STORE_DATABASE_SITE_H
#define STORE_DATABASE_SITE_H

#include <stdbool.h>

#include "base/secret.h"
#include "store/store.h"

/*
 * A key that all processes of the site share and that no operator configures. The first process
 * that needs it creates it at random. purpose: "csrf" for example.
 */
enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err);

/* ---- for the other files of store/ ---- */

struct connection;

/*
 * Refuses a database that belongs to another site or to none. It must not be called in a
 * transaction.
 */
enum status database_site_check(struct connection *db, const char *site, struct error *err);

/*
 * Writes the site into a database that has none. The caller has a transaction open. If the database
 * belongs to another site, it is refused, or with `adopt` handed over. Its logins then end and its
 * keys are deleted, because it may be a copy that the other site still uses. *before becomes the
 * name of the other site, which the caller frees; it stays unchanged if there was none.
 */
enum status database_site_claim(struct connection *db, const char *site, bool adopt, char **before,
				struct error *err);

#endif
