/*
 * The JID map. A UNIQUE constraint of the schema makes sure that an account has one owner. This
 * file turns its failure into a sentence that names the owner.
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/jid_map_row.h"

void jid_map_clear(struct jid_map_row *row)
{
	if (row == NULL)
		return;
	free(row->source);
	free(row->user);
	free(row->localpart);
	free(row->domain);
	secret_free(row->xmpp_password);
	*row = (struct jid_map_row){0};
}

static enum status read_row(struct statement *s, void *into, struct error *err)
{
	struct jid_map_row *out = into;
	struct jid_map_row row = {0};
	enum status status = statement_text_dup(s, 0, &row.source, err);

	if (status == STATUS_OK)
		status = statement_text_dup(s, 1, &row.user, err);
	if (status == STATUS_OK)
		status = statement_text_dup(s, 2, &row.localpart, err);
	if (status == STATUS_OK)
		status = statement_text_dup(s, 3, &row.domain, err);
	if (status == STATUS_OK && !statement_is_null(s, 4))
		status = statement_text_dup(s, 4, &row.xmpp_password, err);
	if (status == STATUS_OK)
		*out = row;
	else
		jid_map_clear(&row);
	return status;
}

static void clear_row(void *row)
{
	jid_map_clear(row);
}

static const struct row_type jid_map_type = {
    .size = sizeof(struct jid_map_row),
    .read = read_row,
    .clear = clear_row,
};

/* Both keys of the table consist of two texts. */
static enum status find(struct connection *db, enum query query, const char *const key[2],
			struct jid_map_row *out, struct error *err)
{
	struct statement *s = statement_get(db, query);

	statement_bind_text(s, 1, key[0]);
	statement_bind_text(s, 2, key[1]);
	enum status status = statement_row(s, err);
	return status == STATUS_OK ? read_row(s, out, err) : status;
}

static enum status borrow_and_find(struct store *store, enum query query, const char *const key[2],
				   struct jid_map_row *out, struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = find(db, query, key, out, err);
	store_return(store, db);
	return status;
}

enum status jid_map_find(struct store *store, const char *source, const char *user,
			 struct jid_map_row *out, struct error *err)
{
	const char *const key[2] = {source, user};

	return borrow_and_find(store, QUERY_JID_MAP_FIND, key, out, err);
}

enum status jid_map_find_account(struct store *store, const char *localpart, const char *domain,
				 struct jid_map_row *out, struct error *err)
{
	const char *const key[2] = {localpart, domain};

	return borrow_and_find(store, QUERY_JID_MAP_FIND_ACCOUNT, key, out, err);
}

/*
 * Names the owner of the account after the insert failed. It is the same transaction, so the row
 * that is found is the cause.
 */
static enum status name_owner(struct connection *db, const struct jid_map_row *row,
			      struct error *err)
{
	const char *const key[2] = {row->localpart, row->domain};
	struct jid_map_row owner;
	enum status status = find(db, QUERY_JID_MAP_FIND_ACCOUNT, key, &owner, err);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_CONFLICT : status;
	status = error_set(err, STATUS_CONFLICT,
			   "the account %s@%s belongs to user \"%s\" of %s: delete that row first",
			   row->localpart, row->domain, owner.user, owner.source);
	jid_map_clear(&owner);
	return status;
}

enum status jid_map_row_set(struct connection *db, const struct jid_map_row *row, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_JID_MAP_SET);

	statement_bind_text(s, 1, row->source);
	statement_bind_text(s, 2, row->user);
	statement_bind_text(s, 3, row->localpart);
	statement_bind_text(s, 4, row->domain);
	statement_bind_text(s, 5, row->xmpp_password);
	enum status status = statement_run(s, NULL, err);
	return status == STATUS_CONFLICT ? name_owner(db, row, err) : status;
}

enum status jid_map_set(struct store *store, const struct jid_map_row *row, struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = jid_map_row_set(db, row, err);
	return store_end(store, db, status, err);
}

/* ---- import ---- */

#define IMPORT_STEP 10000 /* rows between two calls of progress */

/* Counts what happens to the user's existing row, and deletes it if it is for another account. */
static enum status make_way(struct connection *db, const struct jid_map_row *row,
			    struct jid_map_import *import, struct error *err)
{
	const char *const key[2] = {row->source, row->user};
	struct jid_map_row old = {0};

	enum status status = find(db, QUERY_JID_MAP_FIND, key, &old, err);
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
	struct statement *s = statement_get(db, QUERY_JID_MAP_DELETE);
	statement_bind_text(s, 1, row->source);
	statement_bind_text(s, 2, row->user);
	return statement_run(s, NULL, err);
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
	enum status status = store_begin(store, &db, err);

	import->added = import->changed = import->same = 0;
	if (status != STATUS_OK)
		return status;
	status = import_rows(db, import, err);
	if (status != STATUS_OK || !import->dry_run)
		return store_end(store, db, status, err);
	store_return(store, db); /* rolls back */
	return STATUS_OK;
}

enum status jid_map_delete(struct store *store, const char *source, const char *user,
			   struct error *err)
{
	int changed = 0;
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_JID_MAP_DELETE);
	statement_bind_text(s, 1, source);
	statement_bind_text(s, 2, user);
	status = statement_run(s, &changed, err);
	if (status == STATUS_OK && changed == 0)
		status = error_set(err, STATUS_NOT_FOUND,
				   "user \"%s\" of %s has no row in the JID map", user, source);
	return store_end(store, db, status, err);
}

enum status jid_map_list(struct store *store,
			 void (*each)(void *arg, const struct jid_map_row *row), void *arg,
			 struct error *err)
{
	struct row_list list;
	enum status status = row_list_read(store, QUERY_JID_MAP_LIST, &jid_map_type, &list, err);

	if (status != STATUS_OK)
		return status;
	const struct jid_map_row *rows = list.rows;
	for (size_t i = 0; i < list.count; i++)
		each(arg, &rows[i]);
	row_list_clear(&list, &jid_map_type);
	return STATUS_OK;
}
