/*
 * Claims are read often and written once. The primary key of the table decides between two users
 * who claim an account at the same time: neither can overwrite the other.
 */
#include "store/jid_claim.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"

/* STATUS_NOT_FOUND: the account has no owner. */
static enum status compare(struct connection *db, const struct jid_claim *claim, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_JID_CLAIM_FIND);
	char *owner = NULL;

	statement_bind_text(s, 1, claim->localpart);
	statement_bind_text(s, 2, claim->domain);
	enum status status = statement_row(s, err);
	if (status == STATUS_OK)
		status = statement_text_dup(s, 0, &owner, err);
	if (status == STATUS_OK && strcmp(owner, claim->owner) != 0 &&
	    (claim->before == NULL || strcmp(owner, claim->before) != 0))
		status = error_set(err, STATUS_CONFLICT, "%s", owner);
	free(owner);
	return status;
}

static enum status insert(struct store *store, const struct jid_claim *claim, struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_JID_CLAIM_ADD);
	statement_bind_text(s, 1, claim->localpart);
	statement_bind_text(s, 2, claim->domain);
	statement_bind_text(s, 3, claim->owner);
	status = statement_run(s, NULL, err);
	if (status == STATUS_OK)
		status = compare(db, claim, err);
	return store_end(store, db, status, err);
}

/* STATUS_NOT_FOUND: the account has no owner. */
static enum status look(struct store *store, const struct jid_claim *claim, struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = compare(db, claim, err);
	store_return(store, db);
	return status;
}

enum status jid_claim_take(struct store *store, const struct jid_claim *claim, struct error *err)
{
	enum status status = look(store, claim, err);

	return status == STATUS_NOT_FOUND ? insert(store, claim, err) : status;
}

enum status jid_claim_look(struct store *store, const struct jid_claim *claim, struct error *err)
{
	enum status status = look(store, claim, err);

	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
