/*
 * Used nonces. The insert decides which process was first, so two processes cannot both use a
 * token.
 */
#include "store/used_nonce.h"

#include "base/clock.h"
#include "store/grant.h"
#include "store/connection.h"

static enum status purge(struct connection *db, int64_t now, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_USED_NONCE_PURGE);

	statement_bind_integer(s, 1, now - GRANT_MEMORY_S);
	statement_bind_integer(s, 2, USED_NONCE_PURGE_ROWS);
	return statement_run(s, NULL, err);
}

enum status used_nonce_note(struct connection *db, const struct used_nonce *what, struct error *err)
{
	int64_t now = clock_wall();

	if (what->expiry <= now)
		return error_set(err, STATUS_NOT_FOUND, "the token is over");
	enum status status = purge(db, now, err);
	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_USED_NONCE_ADD);
	statement_bind_text(s, 1, what->nonce);
	statement_bind_integer(s, 2, what->expiry);
	status = statement_run(s, NULL, err);
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
