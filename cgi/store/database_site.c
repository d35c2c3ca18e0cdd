/*
 * Reads and writes the row that records which site a database belongs to. The row is read whenever
 * the database is opened, and written by a migration. Also creates the site's keys. If several
 * processes start on a new database at the same time, the first key is kept, and the other
 * processes read it.
 */
#include "store/database_site.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"

/* Sets *out to the site's name, which the caller frees, or to NULL if the database has no site. */
static enum status find(struct connection *db, char **out, struct error *err)
{
	enum status status = connection_find(db, QUERY_DATABASE_SITE_FIND, NO_VALUES, out, err);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out = NULL;
	return STATUS_OK;
}

static enum status refuse_other(const struct connection *db, const char *owner, const char *site,
				struct error *err)
{
	return error_set(
	    err, STATUS_UNAVAILABLE,
	    "%s: this database belongs to [site %s], not to [site %s]: set a separate `database` "
	    "for each site or, if the site was renamed, run prebindctl --site %s migrate --adopt",
	    connection_path(db), owner, site, site);
}

enum status database_site_check(struct connection *db, const char *site, struct error *err)
{
	char *owner = NULL;
	enum status status = find(db, &owner, err);

	if (status == STATUS_OK && owner == NULL)
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: this database belongs to no site yet: run prebindctl "
				   "migrate",
				   connection_path(db));
	else if (status == STATUS_OK && strcmp(owner, site) != 0)
		status = refuse_other(db, owner, site, err);
	free(owner);
	connection_reset(db); /* an open SELECT would keep the connection in an old snapshot */
	return status;
}

enum status database_site_claim(struct connection *db, const char *site, bool adopt, char **before,
				struct error *err)
{
	char *owner = NULL;
	enum status status = find(db, &owner, err);
	bool others = status == STATUS_OK && owner != NULL && strcmp(owner, site) != 0;

	if (others && !adopt)
		status = refuse_other(db, owner, site, err);
	if (others && status == STATUS_OK)
		status = connection_run(db, QUERY_SESSION_END_ALL, NO_VALUES, NULL, err);
	if (others && status == STATUS_OK)
		status = connection_run(db, QUERY_SITE_KEY_FORGET, NO_VALUES, NULL, err);
	if (status == STATUS_OK && (others || owner == NULL))
		status =
		    connection_run(db, QUERY_DATABASE_SITE_SET, VALUES(as_text(site)), NULL, err);
	if (status == STATUS_OK && others) {
		*before = owner;
		owner = NULL;
	}
	free(owner);
	return status;
}

/* ---- keys ---- */

/* If another process has created the key meanwhile, returns that key and discards the new key. */
static enum status make_key(struct store *store, const char *purpose,
			    unsigned char out[SECRET_KEY_LEN], struct error *err)
{
	unsigned char key[SECRET_KEY_LEN];

	secret_random(key, sizeof(key));
	enum status status =
	    store_run(store, QUERY_SITE_KEY_ADD,
		      VALUES(as_text(purpose), as_blob(key, sizeof(key))), NULL, err);
	secret_wipe(key, sizeof(key));
	return status == STATUS_OK
		   ? store_find(store, QUERY_SITE_KEY_FIND, VALUES(as_text(purpose)), out, err)
		   : status;
}

enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err)
{
	enum status status =
	    store_find(store, QUERY_SITE_KEY_FIND, VALUES(as_text(purpose)), out, err);

	return status == STATUS_NOT_FOUND ? make_key(store, purpose, out, err) : status;
}
