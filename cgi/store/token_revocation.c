/*
 * The table token_revocation: each request reads it once; only an operator's command writes it.
 */
#include "store/token_revocation.h"

#include "base/clock.h"
#include "store/grant.h"
#include "store/connection.h"

static enum status find(struct connection *db, const char *user, int64_t *min_iat,
			struct error *err)
{
	struct statement *s = statement_get(db, QUERY_TOKEN_REVOCATION_FIND);

	statement_bind_text(s, 1, user);
	enum status status = statement_row(s, err);
	if (status == STATUS_OK)
		*min_iat = statement_integer(s, 0);
	else if (status == STATUS_NOT_FOUND)
		*min_iat = 0;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status token_revocation_find(struct store *store, const char *user, int64_t *min_iat,
				  struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = find(db, user, min_iat, err);
	store_return(store, db);
	return status;
}

enum status token_revocation_check(struct connection *db, const char *user, int64_t issued,
				   struct error *err)
{
	int64_t min_iat = 0;
	enum status status = find(db, user, &min_iat, err);

	if (status == STATUS_OK && issued < min_iat)
		status = error_set(err, STATUS_BAD_CREDENTIALS,
				   "the tokens of %s were revoked just now", user);
	return status;
}

static enum status change(struct connection *db, const struct token_revocation *what,
			  struct error *err)
{
	struct statement *s = statement_get(db, QUERY_TOKEN_REVOCATION_PURGE);
	int64_t now = clock_wall();

	statement_bind_integer(s, 1, now - what->life_s - GRANT_MEMORY_S);
	enum status status = statement_run(s, NULL, err);
	if (status != STATUS_OK)
		return status;
	s = statement_get(db, QUERY_TOKEN_REVOCATION_SET);
	statement_bind_text(s, 1, what->user);
	statement_bind_integer(s, 2, now + what->skew_s + 1); /* the first valid issue time */
	status = statement_run(s, NULL, err);
	if (status != STATUS_OK)
		return status;
	s = statement_get(db, QUERY_SESSION_END_USER);
	statement_bind_text(s, 1, what->source);
	statement_bind_text(s, 2, what->user);
	return statement_run(s, NULL, err);
}

enum status token_revoke(struct store *store, const struct token_revocation *what,
			 struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	return store_end(store, db, change(db, what, err), err);
}
