/*
 * Accounts created by this program. They are recorded before the server is asked, so that no
 * password is lost in between. Only one caller asks at a time: if two register one account at the
 * same time, ejabberd makes an account that nobody can log in to.
 */
#include "store/provisioned.h"

#include "base/secret.h"
#include "store/connection.h"

void provisioned_clear(struct provisioned *provisioned)
{
	secret_free(provisioned->xmpp_password);
	*provisioned = (struct provisioned){0};
}

static enum status find(struct connection *db, const char *localpart, const char *domain,
			struct provisioned *out, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_PROVISIONED_FIND);
	struct provisioned row = {0};

	statement_bind_text(s, 1, localpart);
	statement_bind_text(s, 2, domain);
	enum status status = statement_row(s, err);
	if (status == STATUS_OK && !statement_is_null(s, 0))
		status = statement_text_dup(s, 0, &row.xmpp_password, err);
	if (status != STATUS_OK)
		return status;
	row.done = statement_integer(s, 1) != 0;
	*out = row;
	return STATUS_OK;
}

enum status provisioned_find(struct store *store, const char *localpart, const char *domain,
			     struct provisioned *out, struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = find(db, localpart, domain, out, err);
	store_return(store, db);
	return status;
}

/* *mine: the row is new, or the lease of the last caller has ended. */
static enum status take(struct connection *db, const struct provisioned_new *what, bool *mine,
			struct error *err)
{
	int changed = 0;
	struct statement *s = statement_get(db, QUERY_PROVISIONED_ADD);

	statement_bind_text(s, 1, what->localpart);
	statement_bind_text(s, 2, what->domain);
	statement_bind_text(s, 3, what->xmpp_password);
	enum status status = statement_run(s, &changed, err);
	if (status != STATUS_OK || changed > 0) {
		*mine = true;
		return status;
	}
	s = statement_get(db, QUERY_PROVISIONED_TAKE);
	statement_bind_text(s, 1, what->localpart);
	statement_bind_text(s, 2, what->domain);
	statement_bind_integer(s, 3, PROVISIONED_LEASE_S);
	status = statement_run(s, &changed, err);
	*mine = changed > 0;
	return status;
}

enum status provisioned_begin(struct store *store, const struct provisioned_new *what,
			      struct provisioned *out, bool *mine, struct error *err)
{
	struct provisioned row = {0};
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = take(db, what, mine, err);
	if (status == STATUS_OK)
		status = find(db, what->localpart, what->domain, &row, err);
	status = store_end(store, db, status, err);
	if (status == STATUS_OK)
		*out = row;
	else
		provisioned_clear(&row);
	return status;
}

enum status provisioned_end(struct store *store, const struct provisioned_new *what, bool done,
			    struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_PROVISIONED_END);
	statement_bind_text(s, 1, what->localpart);
	statement_bind_text(s, 2, what->domain);
	statement_bind_integer(s, 3, done);
	status = statement_run(s, NULL, err);
	return store_end(store, db, status, err);
}
