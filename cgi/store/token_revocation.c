/*
 * The table token_revocation: a look-up a request, a write an operator.
 */
#include "store/token_revocation.h"

#include "store/statement.h"

enum status token_revocation_find(struct store *store, const char *user, int64_t *min_iat,
				  struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_TOKEN_REVOCATION_FIND);
	statement_bind_text(s, 1, user);
	status = statement_row(s, err);
	if (status == STATUS_OK)
		*min_iat = statement_integer(s, 0);
	else if (status == STATUS_NOT_FOUND)
		*min_iat = 0;
	store_return(store, db);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status change(struct connection *db, const struct token_revocation *what,
			  struct error *err)
{
	struct statement *s = statement_get(db, QUERY_TOKEN_REVOCATION_PURGE);

	statement_bind_integer(s, 1, what->forget);
	enum status status = statement_run(s, NULL, err);
	if (status != STATUS_OK)
		return status;
	s = statement_get(db, QUERY_TOKEN_REVOCATION_SET);
	statement_bind_text(s, 1, what->user);
	statement_bind_integer(s, 2, what->min_iat);
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
