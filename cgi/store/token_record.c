/*
 * The tables used_nonce and token_revocation. Two processes cannot both use a one-time token,
 * because only the first insert of its nonce succeeds. Each request reads the time of the user's
 * revocation once. Only an operator's command writes this time.
 */
#include "store/token_record.h"

#include "base/clock.h"
#include "store/connection.h"

/* ---- one-time tokens that were used ---- */

enum status used_nonce_note(struct connection *db, const struct used_nonce *what, struct error *err)
{
	int64_t now = 0;
	enum status status = connection_clock_s(db, clock_wall(), &now, err);

	if (status != STATUS_OK)
		return status;
	if (what->expiry <= now)
		return error_set(err, STATUS_NOT_FOUND, "the token has expired");
	status = connection_run(
	    db, QUERY_USED_NONCE_PURGE,
	    VALUES(as_integer(now - TOKEN_MEMORY_S), as_integer(USED_NONCE_PURGE_ROWS)), NULL, err);
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
	const struct store_key key = {.scope = KEY_NONCE, .names = {what->nonce}};
	struct connection *db;
	enum status status = store_begin(store, &key, &db, err);

	if (status != STATUS_OK)
		return status;
	return store_end(store, db, used_nonce_note(db, what, err), err);
}

/* ---- revoked tokens ---- */

/*
 * Turns STATUS_NOT_FOUND into STATUS_OK with *min_iat = 0, because a user without a row has no
 * revoked tokens. Returns any other status unchanged.
 */
static enum status or_never(enum status status, int64_t *min_iat)
{
	if (status != STATUS_NOT_FOUND)
		return status;
	*min_iat = 0;
	return STATUS_OK;
}

enum status token_revocation_find(struct store *store, const char *user, int64_t *min_iat,
				  struct error *err)
{
	return or_never(
	    store_find(store, QUERY_TOKEN_REVOCATION_FIND, VALUES(as_text(user)), min_iat, err),
	    min_iat);
}

enum status token_revocation_check(struct connection *db, const char *user, int64_t issued,
				   struct error *err)
{
	int64_t min_iat = 0;
	enum status status = or_never(
	    connection_find(db, QUERY_TOKEN_REVOCATION_FIND, VALUES(as_text(user)), &min_iat, err),
	    &min_iat);

	if (status == STATUS_OK && issued < min_iat)
		status = error_set(err, STATUS_BAD_CREDENTIALS,
				   "the tokens of %s were revoked just now", user);
	return status;
}

static enum status change(struct connection *db, const struct token_revocation *what,
			  struct error *err)
{
	int64_t now = 0;
	enum status status = connection_clock_s(db, clock_wall(), &now, err);

	if (status == STATUS_OK)
		status = connection_run(db, QUERY_TOKEN_REVOCATION_PURGE,
					VALUES(as_integer(now - what->life_s - TOKEN_MEMORY_S)),
					NULL, err);
	if (status == STATUS_OK)
		status = connection_run(
		    db, QUERY_TOKEN_REVOCATION_SET,
		    VALUES(as_text(what->user), as_integer(now + what->skew_s + 1)), NULL, err);
	if (status == STATUS_OK)
		status =
		    connection_run(db, QUERY_SESSION_END_USER,
				   VALUES(as_text(what->source), as_text(what->user)), NULL, err);
	return status;
}

enum status token_revoke(struct store *store, const struct token_revocation *what,
			 struct error *err)
{
	const struct store_key key = {
	    .scope = KEY_USER, .names = {what->source, what->user}
        };
	struct connection *db;
	enum status status = store_begin(store, &key, &db, err);

	if (status != STATUS_OK)
		return status;
	return store_end(store, db, change(db, what, err), err);
}
