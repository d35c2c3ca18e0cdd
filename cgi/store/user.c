/*
 * Site users of provider `login`. A change that takes away a login also ends the user's sessions in
 * the same transaction, so neither can happen without the other.
 */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "store/jid_map_row.h"
#include "store/connection.h"
#include "store/user.h"

void user_clear(struct user *user)
{
	if (user == NULL)
		return;
	free(user->name);
	free(user->display_name);
	secret_free(user->password_hash);
	*user = (struct user){0};
}

static enum status read_user(struct statement *s, void *row, struct error *err)
{
	struct user *out = row;
	struct user user = {
	    .id = statement_integer(s, 0),
	    .disabled = statement_integer(s, 4) != 0,
	};
	enum status status = statement_text_dup(s, 1, &user.name, err);

	if (status == STATUS_OK)
		status = statement_text_dup(s, 2, &user.display_name, err);
	if (status == STATUS_OK)
		status = statement_text_dup(s, 3, &user.password_hash, err);
	if (status == STATUS_OK)
		*out = user;
	else
		user_clear(&user);
	return status;
}

static void clear_user(void *row)
{
	user_clear(row);
}

static const struct row_type user_row = {
    .size = sizeof(struct user),
    .read = read_user,
    .clear = clear_user,
};

static enum status no_such_user(const char *name, struct error *err)
{
	return error_set(err, STATUS_NOT_FOUND, "there is no site user \"%s\"", name);
}

static enum status find_row(struct connection *db, const char *name, struct user *out,
			    struct error *err)
{
	struct statement *s = statement_get(db, QUERY_USER_FIND);

	statement_bind_text(s, 1, name);
	enum status status = statement_row(s, err);
	return status == STATUS_OK ? read_user(s, out, err) : status;
}

/* Tries the name as written, then its composed form: not every keyboard composes letters. */
static enum status find(struct connection *db, const char *name, struct user *out,
			struct error *err)
{
	char *composed = NULL;
	enum status status = find_row(db, name, out, err);

	if (status != STATUS_NOT_FOUND)
		return status;
	if (name_compose(name, &composed, NULL) == STATUS_OK && strcmp(composed, name) != 0)
		status = find_row(db, composed, out, err);
	free(composed);
	return status == STATUS_NOT_FOUND ? no_such_user(name, err) : status;
}

enum status user_find(struct store *store, const char *name, struct user *out, struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = find(db, name, out, err);
	store_return(store, db);
	return status;
}

/* STATUS_OK: there are no more rows. */
static enum status no_more(struct statement *s, const char *name, struct error *err)
{
	enum status status = statement_row(s, err);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	return error_set(err, STATUS_CONFLICT,
			 "several site users are called \"%s\" but for the case of letters: give "
			 "them JIDs with prebindctl map set",
			 name);
}

static enum status find_folded(struct connection *db, const char *folded, struct user *out,
			       struct error *err)
{
	struct statement *s = statement_get(db, QUERY_USER_FIND_FOLDED);
	struct user user = {0};

	statement_bind_text(s, 1, folded);
	enum status status = statement_row(s, err);
	if (status == STATUS_NOT_FOUND)
		return no_such_user(folded, err);
	if (status == STATUS_OK)
		status = read_user(s, &user, err);
	if (status == STATUS_OK)
		status = no_more(s, folded, err);
	if (status == STATUS_OK)
		*out = user;
	else
		user_clear(&user);
	return status;
}

enum status user_find_folded(struct store *store, const char *name, struct user *out,
			     struct error *err)
{
	struct connection *db;
	char *folded = NULL;
	enum status status = name_fold(name, &folded, err);

	if (status == STATUS_OK)
		status = store_borrow(store, &db, err);
	if (status == STATUS_OK) {
		status = find_folded(db, folded, out, err);
		store_return(store, db);
	}
	free(folded);
	return status;
}

/* ---- adding ---- */

/* Names that differ only in case belong to two people, unless the rule gives them one account. */
static bool is_alike(const char *there, const char *name, bool any_case)
{
	char *composed = NULL;
	bool alike = any_case || (name_compose(there, &composed, NULL) == STATUS_OK &&
				  strcmp(composed, name) == 0);

	free(composed);
	return alike;
}

static enum status refuse_other(const char *there, const char *name, struct error *err)
{
	if (strcmp(there, name) == 0)
		return error_set(err, STATUS_CONFLICT, "there is already a site user \"%s\"", name);
	return error_set(err, STATUS_CONFLICT,
			 "there is already a site user \"%s\", who looks the same, or has the same "
			 "account by the key jid",
			 there);
}

/* Refuses a name that looks the same as that of an existing user. key: folded name, name. */
static enum status refuse_alike(struct connection *db, const char *const key[2], bool any_case,
				struct error *err)
{
	struct statement *s = statement_get(db, QUERY_USER_FIND_ALIKE);
	enum status status;

	statement_bind_text(s, 1, key[0]);
	while ((status = statement_row(s, err)) == STATUS_OK) {
		struct user other = {0};

		status = read_user(s, &other, err);
		if (status == STATUS_OK && is_alike(other.name, key[1], any_case))
			status = refuse_other(other.name, key[1], err);
		user_clear(&other);
		if (status != STATUS_OK)
			return status;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status insert(struct connection *db, const char *const key[2], const char *hash,
			  int64_t now, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_USER_ADD);

	statement_bind_text(s, 1, key[1]);
	statement_bind_text(s, 2, hash);
	statement_bind_integer(s, 3, now);
	statement_bind_text(s, 4, key[0]);
	enum status status = statement_run(s, NULL, err);
	if (status == STATUS_CONFLICT)
		error_set(err, status, "there is already a site user \"%s\"", key[1]);
	return status;
}

static enum status assign(struct connection *db, const struct user_new *user, const char *name,
			  struct error *err)
{
	const struct jid_map_row row = {
	    .source = (char *)PROVIDER_LOGIN,
	    .user = (char *)name,
	    .localpart = (char *)user->localpart,
	    .domain = (char *)user->domain,
	};

	return user->localpart == NULL ? STATUS_OK : jid_map_row_set(db, &row, err);
}

static enum status add(struct store *store, const struct user_new *user, const char *const key[2],
		       struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = refuse_alike(db, key, user->any_case, err);
	if (status == STATUS_OK)
		status = insert(db, key, user->password_hash, user->now, err);
	if (status == STATUS_OK)
		status = assign(db, user, key[1], err);
	return store_end(store, db, status, err);
}

enum status user_create(struct store *store, const struct user_new *user, struct error *err)
{
	char *name = NULL, *folded = NULL;
	enum status status = name_prepare(user->name, "a user's", USER_NAME_MAX, &name, err);

	if (status == STATUS_OK)
		status = name_fold(name, &folded, err);
	if (status == STATUS_OK)
		status = add(store, user, (const char *const[2]){folded, name}, err);
	free(folded);
	free(name);
	return status;
}

/* ---- changing ---- */

/* A change of one user. The parameter after the name is a text, a number or absent. */
struct change {
	enum query query;
	const char *text;
	const bool *flag;
	bool ends_sessions;
	/* Deletes the row of the JID map too: a later user of that name is another person. */
	bool frees_account;
};

static enum status change_row(struct connection *db, const char *name, const struct change *change,
			      struct error *err)
{
	int changed = 0;
	struct statement *s = statement_get(db, change->query);

	statement_bind_text(s, 1, name);
	if (change->text != NULL)
		statement_bind_text(s, 2, change->text);
	if (change->flag != NULL)
		statement_bind_integer(s, 2, *change->flag);
	enum status status = statement_run(s, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return no_such_user(name, err);
	return status;
}

/* Runs a query whose parameters are the source `login` and the name. */
static enum status run_for_user(struct connection *db, enum query query, const char *name,
				struct error *err)
{
	struct statement *s = statement_get(db, query);

	statement_bind_text(s, 1, PROVIDER_LOGIN);
	statement_bind_text(s, 2, name);
	return statement_run(s, NULL, err);
}

static enum status change_user(struct store *store, const char *name, const struct change *change,
			       struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = change_row(db, name, change, err);
	if (status == STATUS_OK && change->ends_sessions)
		status = run_for_user(db, QUERY_SESSION_END_USER, name, err);
	if (status == STATUS_OK && change->frees_account)
		status = run_for_user(db, QUERY_JID_MAP_DELETE, name, err);
	return store_end(store, db, status, err);
}

enum status user_set_password(struct store *store, const char *name, const char *password_hash,
			      struct error *err)
{
	struct change change = {
	    .query = QUERY_USER_SET_PASSWORD,
	    .text = password_hash,
	    .ends_sessions = true,
	};

	return change_user(store, name, &change, err);
}

enum status user_rehash(struct store *store, const char *name, const char *old_hash,
			const char *password_hash, struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_USER_REHASH);
	statement_bind_text(s, 1, name);
	statement_bind_text(s, 2, password_hash);
	statement_bind_text(s, 3, old_hash);
	return store_end(store, db, statement_run(s, NULL, err), err);
}

enum status user_set_disabled(struct store *store, const char *name, bool disabled,
			      struct error *err)
{
	struct change change = {
	    .query = QUERY_USER_SET_DISABLED,
	    .flag = &disabled,
	    .ends_sessions = disabled,
	};

	return change_user(store, name, &change, err);
}

enum status user_delete(struct store *store, const char *name, struct error *err)
{
	struct change change = {
	    .query = QUERY_USER_DELETE, .ends_sessions = true, .frees_account = true};

	return change_user(store, name, &change, err);
}

enum status user_list(struct store *store, void (*each)(void *arg, const struct user *user),
		      void *arg, struct error *err)
{
	struct row_list list;
	enum status status = row_list_read(store, QUERY_USER_LIST, &user_row, &list, err);

	if (status != STATUS_OK)
		return status;
	const struct user *users = list.rows;
	for (size_t i = 0; i < list.count; i++)
		each(arg, &users[i]);
	row_list_clear(&list, &user_row);
	return STATUS_OK;
}
