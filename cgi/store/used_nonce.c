/*
 * Used nonces. The insert decides which process was first, so two processes cannot both use a
 * token.
 */
#include "store/used_nonce.h"

#include "base/clock.h"
#include "store/grant.h"
#include "store/connection.h"

enum status used_nonce_note(struct connection *db, const struct used_nonce *what, struct error *err)
{
	const int64_t now = clock_wall();
	const struct values old =
	    VALUES(as_integer(now - GRANT_MEMORY_S), as_integer(USED_NONCE_PURGE_ROWS));

	if (what->expiry <= now)
		return error_set(err, STATUS_NOT_FOUND, "the token is over");
	enum status status = connection_run(db, QUERY_USED_NONCE_PURGE, old, NULL, err);
	if (status != STATUS_OK)
		return status;
	status = connection_run(db, QUERY_USED_NONCE_ADD,
				VALUES(as_text(what->nonce), as_integer(what->expiry)), NULL, err);
	if (status == STATUS_CONFLICT)
		error_set(err, status, "the token was used before");
	return status;
}

enum status used_nonce_add(struct store *store, const struct used_nonce *what, struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	return store_end(store, db, used_nonce_note(db, what, err), err);
}
