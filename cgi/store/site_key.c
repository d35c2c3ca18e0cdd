/*
 * Site keys are read by all processes and created once. If several processes start on a new
 * database at the same time, the first key is kept and the others read it.
 */
#include "store/site_key.h"
#include "store/connection.h"

static enum status find(struct connection *db, const char *purpose,
			unsigned char out[SECRET_KEY_LEN], struct error *err)
{
	struct statement *s = statement_get(db, QUERY_SITE_KEY_FIND);

	statement_bind_text(s, 1, purpose);
	enum status status = statement_row(s, err);
	if (status == STATUS_OK)
		status = statement_blob(s, 0, out, SECRET_KEY_LEN, err);
	return status;
}

static enum status add(struct connection *db, const char *purpose, struct error *err)
{
	unsigned char key[SECRET_KEY_LEN];
	struct statement *s = statement_get(db, QUERY_SITE_KEY_ADD);

	secret_random(key, sizeof key);
	statement_bind_text(s, 1, purpose);
	statement_bind_blob(s, 2, key, sizeof key);
	enum status status = statement_run(s, NULL, err);
	secret_wipe(key, sizeof key);
	return status;
}

static enum status make(struct store *store, const char *purpose, unsigned char out[SECRET_KEY_LEN],
			struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = add(db, purpose, err);
	if (status == STATUS_OK)
		status = find(db, purpose, out, err);
	return store_end(store, db, status, err);
}

enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = find(db, purpose, out, err); /* normally nothing is written */
	store_return(store, db);
	return status == STATUS_NOT_FOUND ? make(store, purpose, out, err) : status;
}
