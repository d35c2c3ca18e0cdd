/*
 * Used tokens. The insert itself decides who was first: two processes with the same token cannot
 * both be.
 */
#include "store/used_nonce.h"

#include "store/statement.h"

static enum status purge(struct connection *db, int64_t now, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_USED_NONCE_PURGE);

	statement_bind_integer(s, 1, now);
	statement_bind_integer(s, 2, USED_NONCE_PURGE_ROWS);
	return statement_run(s, NULL, err);
}

enum status used_nonce_add(struct store *store, const char *nonce, int64_t expiry, int64_t now,
			   struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = purge(db, now, err);
	if (status == STATUS_OK) {
		struct statement *s = statement_get(db, QUERY_USED_NONCE_ADD);

		statement_bind_text(s, 1, nonce);
		statement_bind_integer(s, 2, expiry);
		status = statement_run(s, NULL, err);
	}
	if (status == STATUS_CONFLICT)
		error_set(err, status, "the token was used before");
	return store_end(store, db, status, err);
}
