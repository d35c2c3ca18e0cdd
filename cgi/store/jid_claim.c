/*
 * Claims are read often and written once. The primary key of the table decides between two users
 * who claim an account at the same time: neither can overwrite the other.
 */
#include "store/jid_claim.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"

/* Frees owner. */
static enum status compare(char *owner, const struct jid_claim *claim, struct error *err)
{
	bool same = strcmp(owner, claim->owner) == 0 ||
		    (claim->before != NULL && strcmp(owner, claim->before) == 0);
	enum status status = same ? STATUS_OK : error_set(err, STATUS_CONFLICT, "%s", owner);

	free(owner);
	return status;
}

static enum status insert(struct store *store, const struct jid_claim *claim, struct error *err)
{
	char *owner;
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = connection_run(
	    db, QUERY_JID_CLAIM_ADD,
	    VALUES(as_text(claim->localpart), as_text(claim->domain), as_text(claim->owner)), NULL,
	    err);
	if (status == STATUS_OK)
		status = connection_find(db, QUERY_JID_CLAIM_FIND,
					 VALUES(as_text(claim->localpart), as_text(claim->domain)),
					 &owner, err);
	if (status == STATUS_OK)
		status = compare(owner, claim, err);
	return store_end(store, db, status, err);
}

/* STATUS_NOT_FOUND: the account has no owner. */
static enum status look(struct store *store, const struct jid_claim *claim, struct error *err)
{
	char *owner;
	enum status status =
	    store_find(store, QUERY_JID_CLAIM_FIND,
		       VALUES(as_text(claim->localpart), as_text(claim->domain)), &owner, err);

	return status == STATUS_OK ? compare(owner, claim, err) : status;
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
