/*
 * Site keys are read by all processes and created once. If several processes start on a new
 * database at the same time, the first key is kept and the others read it.
 */
#include "store/site_key.h"

#include "store/query.h"

/* Another process may have made the key meanwhile: then this one is not kept. */
static enum status make(struct store *store, const char *purpose, unsigned char out[SECRET_KEY_LEN],
			struct error *err)
{
	unsigned char key[SECRET_KEY_LEN];

	secret_random(key, sizeof key);
	enum status status =
	    store_run(store, QUERY_SITE_KEY_ADD, VALUES(as_text(purpose), as_blob(key, sizeof key)),
		      NULL, err);
	secret_wipe(key, sizeof key);
	return status == STATUS_OK
		   ? store_find(store, QUERY_SITE_KEY_FIND, VALUES(as_text(purpose)), out, err)
		   : status;
}

enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err)
{
	enum status status =
	    store_find(store, QUERY_SITE_KEY_FIND, VALUES(as_text(purpose)), out, err);

	return status == STATUS_NOT_FOUND ? make(store, purpose, out, err) : status;
}
