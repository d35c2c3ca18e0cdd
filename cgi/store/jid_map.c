/*
 * The JID map, and the claims on accounts that a rule computed. A UNIQUE constraint of the schema
 * ensures that an account has only one owner. If an insert violates this constraint, the functions
 * here set an error that names the owner.
 */
#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/jid_map.h"

void jid_map_clear(struct jid_map_row *row)
{
	row_clear(QUERY_JID_MAP_FIND, row);
}

enum status jid_map_find(struct store *store, const char *source, const char *user,
			 struct jid_map_row *out, struct error *err)
{
	return store_find(store, QUERY_JID_MAP_FIND, VALUES(as_text(source), as_text(user)), out,
			  err);
}

enum status jid_map_find_account(struct store *store, const char *localpart, const char *domain,
				 struct jid_map_row *out, struct error *err)
{
	return store_find(store, QUERY_JID_MAP_FIND_ACCOUNT,
			  VALUES(as_text(localpart), as_text(domain)), out, err);
}

/*
 * Sets the error after a failed insert. The error names the owner of the account. This function
 * runs in the same transaction as the insert, so the row that it finds is the cause of the failure.
 */
static enum status name_owner(struct connection *db, const struct jid_map_row *row,
			      struct error *err)
{
	const struct values account = VALUES(as_text(row->localpart), as_text(row->domain));
	struct jid_map_row owner;
	enum status status = connection_find(db, QUERY_JID_MAP_FIND_ACCOUNT, account, &owner, NULL);

	if (status != STATUS_OK)
		return error_set(err, STATUS_CONFLICT, "the account %s@%s belongs to another user",
				 row->localpart, row->domain);
	status = error_set(err, STATUS_CONFLICT,
			   "the account %s@%s belongs to user \"%s\" of the provider %s: first "
			   "delete this user's row with prebindctl map delete",
			   row->localpart, row->domain, owner.user, owner.source);
	jid_map_clear(&owner);
	return status;
}

enum status jid_map_row_set(struct connection *db, const struct jid_map_row *row, struct error *err)
{
	const struct values values =
	    VALUES(as_text(row->source), as_text(row->user), as_text(row->localpart),
		   as_text(row->domain), as_text(row->xmpp_password));

	if (row->xmpp_password != NULL && strlen(row->xmpp_password) > XMPP_PASSWORD_MAX)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the XMPP password is longer than %d bytes, which no XMPP server accepts",
		    XMPP_PASSWORD_MAX);
	enum status status = connection_change(db, QUERY_JID_MAP_SET, values, err);

	return status == STATUS_CONFLICT || status == STATUS_NOT_FOUND ? name_owner(db, row, err)
								       : status;
}

static const struct store_key the_map = {.scope = KEY_MAP};

enum status jid_map_set(struct store *store, const struct jid_map_row *row, struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &the_map, &db, err);

	if (status != STATUS_OK)
		return status;
	status = jid_map_row_set(db, row, err);
	return store_end(store, db, status, err);
}

/* ---- import ---- */

#define IMPORT_STEP 10000 /* rows between two calls of progress */

/*
 * Counts the row as added, changed or unchanged. If the user's old row has another account, deletes
 * the old row.
 */
static enum status make_way(struct connection *db, const struct jid_map_row *row,
			    struct jid_map_import *import, struct error *err)
{
	const struct values user = VALUES(as_text(row->source), as_text(row->user));
	struct jid_map_row old = {0};
	enum status status = connection_find(db, QUERY_JID_MAP_FIND, user, &old, err);

	if (status == STATUS_NOT_FOUND) {
		import->added++;
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	bool stays =
	    strcmp(old.localpart, row->localpart) == 0 && strcmp(old.domain, row->domain) == 0;
	bool same =
	    stays &&
	    (row->xmpp_password == NULL ||
	     (old.xmpp_password != NULL && strcmp(old.xmpp_password, row->xmpp_password) == 0));
	jid_map_clear(&old);
	import->same += same;
	import->changed += !same;
	if (stays)
		return STATUS_OK;
	return connection_run(db, QUERY_JID_MAP_DELETE, user, NULL, err);
}

static enum status import_rows(struct connection *db, struct jid_map_import *import,
			       struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < 2 * import->count && status == STATUS_OK; i++) {
		size_t at = i % import->count;

		status = i < import->count ? make_way(db, &import->rows[at], import, err)
					   : jid_map_row_set(db, &import->rows[at], err);
		if (status != STATUS_OK)
			import->failed = at;
		if (import->progress != NULL && (i + 1) % (2 * IMPORT_STEP) == 0)
			import->progress(import->arg, (i + 1) / 2);
	}
	return status;
}

enum status jid_map_import(struct store *store, struct jid_map_import *import, struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &the_map, &db, err);

	import->added = import->changed = import->same = 0;
	if (status != STATUS_OK)
		return status;
	status = import_rows(db, import, err);
	if (status != STATUS_OK || !import->dry_run)
		return store_end(store, db, status, err);
	store_return(store, db); /* also rolls back */
	return STATUS_OK;
}

enum status jid_map_delete(struct store *store, const char *source, const char *user,
			   struct error *err)
{
	enum status status =
	    store_change(store, QUERY_JID_MAP_DELETE, VALUES(as_text(source), as_text(user)), err);

	if (status == STATUS_NOT_FOUND)
		error_set(err, status, "user \"%s\" of the provider %s has no row in the JID map",
			  user, source);
	return status;
}

enum status jid_map_list(struct store *store,
			 void (*each)(void *arg, const struct jid_map_row *row), void *arg,
			 struct error *err)
{
	struct row_list list;
	enum status status = store_list(store, QUERY_JID_MAP_LIST, NO_VALUES, &list, err);
	const struct jid_map_row *rows = list.rows;

	for (size_t i = 0; status == STATUS_OK && i < list.count; i++)
		each(arg, &rows[i]);
	row_list_clear(&list);
	return status;
}

/*
 * ---- claims ----
 *
 * Claims are read often and written once. If two users claim an account at the same time, the
 * primary key of the table ensures that only one of them succeeds.
 */

/* Compares the account's owner with the owner in the claim. Frees `owner`. */
static enum status compare_owner(char *owner, const struct jid_claim *claim, struct error *err)
{
	bool same = strcmp(owner, claim->owner) == 0 ||
		    (claim->before != NULL && strcmp(owner, claim->before) == 0);
	enum status status = same ? STATUS_OK : error_set(err, STATUS_CONFLICT, "%s", owner);

	free(owner);
	return status;
}

static enum status insert_claim(struct store *store, const struct jid_claim *claim,
				struct error *err)
{
	const struct store_key key = {
	    .scope = KEY_ACCOUNT, .names = {claim->localpart, claim->domain}
        };
	char *owner;
	struct connection *db;
	enum status status = store_begin(store, &key, &db, err);

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
		status = compare_owner(owner, claim, err);
	return store_end(store, db, status, err);
}

/* Returns STATUS_NOT_FOUND if the account has no owner. */
static enum status find_claim(struct store *store, const struct jid_claim *claim, struct error *err)
{
	char *owner;
	enum status status =
	    store_find(store, QUERY_JID_CLAIM_FIND,
		       VALUES(as_text(claim->localpart), as_text(claim->domain)), &owner, err);

	return status == STATUS_OK ? compare_owner(owner, claim, err) : status;
}

enum status jid_claim_take(struct store *store, const struct jid_claim *claim, struct error *err)
{
	enum status status = find_claim(store, claim, err);

	return status == STATUS_NOT_FOUND ? insert_claim(store, claim, err) : status;
}

enum status jid_claim_look(struct store *store, const struct jid_claim *claim, struct error *err)
{
	enum status status = find_claim(store, claim, err);

	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
