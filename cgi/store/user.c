/*
 * Site users of provider `login`. Changing a user's password, disabling the user or deleting the
 * user also ends the user's sessions, in the same transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "conf/conf.h"
#include "store/connection.h"
#include "store/jid_map.h"
#include "store/user.h"

void user_clear(struct user *user)
{
	row_clear(QUERY_USER_FIND, user);
}

static enum status or_no_user(enum status status, const char *name, struct error *err)
{
	if (status != STATUS_NOT_FOUND)
		return status;
	return error_set(err, status, "there is no site user \"%s\"", name);
}

/*
 * Tries the name as written, then its composed form, because some keyboards type a letter and its
 * accent as two characters.
 */
enum status user_find(struct store *store, const char *name, struct user *out, struct error *err)
{
	char *composed = NULL;
	enum status status = store_find(store, QUERY_USER_FIND, VALUES(as_text(name)), out, err);

	if (status == STATUS_NOT_FOUND && name_compose(name, &composed, NULL) == STATUS_OK &&
	    strcmp(composed, name) != 0)
		status = store_find(store, QUERY_USER_FIND, VALUES(as_text(composed)), out, err);
	free(composed);
	return or_no_user(status, name, err);
}

static enum status refuse_two(const char *name, struct error *err)
{
	return error_set(err, STATUS_CONFLICT,
			 "several site users are called \"%s\" if upper and lower case are not "
			 "distinguished: give each of these users a JID with prebindctl map set",
			 name);
}

enum status user_find_folded(struct store *store, const char *name, struct user *out,
			     struct error *err)
{
	struct row_list list = {0};
	char *folded = NULL;
	enum status status = name_fold(name, &folded, err);

	if (status == STATUS_OK)
		status =
		    store_list(store, QUERY_USER_FIND_FOLDED, VALUES(as_text(folded)), &list, err);
	if (status == STATUS_OK && list.count == 0)
		status = or_no_user(STATUS_NOT_FOUND, folded, err);
	else if (status == STATUS_OK && list.count > 1)
		status = refuse_two(folded, err);
	if (status == STATUS_OK) {
		memcpy(out, list.rows, sizeof(*out));
		list.count = 0; /* the caller now owns the strings; the list must not free them */
	}
	row_list_clear(&list);
	free(folded);
	return status;
}

/* ---- adding ---- */

/*
 * True if two names are too similar. Names that differ only in case are allowed for two people,
 * unless the rule gives both names the same account.
 */
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
			 "there is already a site user \"%s\", and the two names look the same or "
			 "give the same account by the key jid",
			 there);
}

/*
 * Refuses a name that looks the same as the name of an existing user. key[0] is the folded name,
 * key[1] the name.
 */
static enum status refuse_alike(struct connection *db, const char *const key[2], bool any_case,
				struct error *err)
{
	struct row_list list = {0};
	enum status status =
	    connection_list(db, QUERY_USER_FIND_ALIKE, VALUES(as_text(key[0])), &list, err);
	const struct user *others = list.rows;

	for (size_t i = 0; status == STATUS_OK && i < list.count; i++)
		if (is_alike(others[i].name, key[1], any_case))
			status = refuse_other(others[i].name, key[1], err);
	row_list_clear(&list);
	return status;
}

/* A prepared display name, and its folded form for searches. Both are owned. */
struct shown {
	char *name, *folded;
};

static void shown_clear(struct shown *shown)
{
	free(shown->name);
	free(shown->folded);
}

/* Prepares and folds a display name. NULL and "" give two empty strings. */
static enum status shown_prepare(const char *text, struct shown *out, struct error *err)
{
	enum status status = STATUS_OK;

	if (text != NULL && text[0] != '\0')
		status = name_prepare(text, "a display", USER_NAME_MAX, &out->name, err);
	else if ((out->name = strdup("")) == NULL)
		status = error_no_memory(err);
	return status == STATUS_OK ? name_fold(out->name, &out->folded, err) : status;
}

static enum status insert(struct connection *db, const char *const key[2],
			  const struct user_new *user, struct error *err)
{
	struct shown shown = {0};
	enum status status = shown_prepare(user->display_name, &shown, err);

	if (status == STATUS_OK)
		status = connection_run(db, QUERY_USER_ADD,
					VALUES(as_text(key[1]), as_text(user->password_hash),
					       as_integer(user->now), as_text(key[0]),
					       as_text(shown.name), as_text(shown.folded)),
					NULL, err);
	shown_clear(&shown);
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
	const struct store_key both = {.scope = KEY_NAME, .names = {key[0]}};
	struct connection *db;
	enum status status = store_begin(store, &both, &db, err);

	if (status != STATUS_OK)
		return status;
	status = refuse_alike(db, key, user->any_case, err);
	if (status == STATUS_OK)
		status = insert(db, key, user, err);
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

/* A change to one user. The first parameter of the query is the user's name. */
struct change {
	enum query query;
	struct values values;
	bool ends_sessions;
	/*
	 * Set to delete the user's row of the JID map too, because a later user of that name could
	 * be another person.
	 */
	bool frees_account;
};

static enum status change_user(struct store *store, const char *name, const struct change *change,
			       struct error *err)
{
	const struct values both = VALUES(as_text(PROVIDER_LOGIN), as_text(name));
	const struct store_key key = {
	    .scope = KEY_USER, .names = {PROVIDER_LOGIN, name}
        };
	struct connection *db;
	enum status status = store_begin(store, &key, &db, err);

	if (status != STATUS_OK)
		return status;
	status = or_no_user(connection_change(db, change->query, change->values, err), name, err);
	if (status == STATUS_OK && change->ends_sessions)
		status = connection_run(db, QUERY_SESSION_END_USER, both, NULL, err);
	if (status == STATUS_OK && change->frees_account)
		status = connection_run(db, QUERY_JID_MAP_DELETE, both, NULL, err);
	return store_end(store, db, status, err);
}

enum status user_set_password(struct store *store, const char *name, const char *password_hash,
			      struct error *err)
{
	const struct change change = {
	    .query = QUERY_USER_SET_PASSWORD,
	    .values = VALUES(as_text(name), as_text(password_hash)),
	    .ends_sessions = true,
	};

	return change_user(store, name, &change, err);
}

enum status user_rehash(struct store *store, const char *name, const char *old_hash,
			const char *password_hash, struct error *err)
{
	return store_run(store, QUERY_USER_REHASH,
			 VALUES(as_text(name), as_text(password_hash), as_text(old_hash)), NULL,
			 err);
}

enum status user_set_display_name(struct store *store, const char *name, const char *display_name,
				  struct error *err)
{
	struct shown shown = {0};
	enum status status = shown_prepare(display_name, &shown, err);

	if (status == STATUS_OK)
		status = or_no_user(
		    store_change(store, QUERY_USER_SET_DISPLAY_NAME,
				 VALUES(as_text(name), as_text(shown.name), as_text(shown.folded)),
				 err),
		    name, err);
	shown_clear(&shown);
	return status;
}

enum status user_set_disabled(struct store *store, const char *name, bool disabled,
			      struct error *err)
{
	const struct change change = {
	    .query = QUERY_USER_SET_DISABLED,
	    .values = VALUES(as_text(name), as_integer(disabled)),
	    .ends_sessions = disabled,
	};

	return change_user(store, name, &change, err);
}

enum status user_delete(struct store *store, const char *name, struct error *err)
{
	const struct change change = {
	    .query = QUERY_USER_DELETE,
	    .values = VALUES(as_text(name)),
	    .ends_sessions = true,
	    .frees_account = true,
	};

	return change_user(store, name, &change, err);
}

static enum status list_each(enum status status, struct row_list *list,
			     void (*each)(void *arg, const struct user *user), void *arg)
{
	const struct user *users = list->rows;

	for (size_t i = 0; status == STATUS_OK && i < list->count; i++)
		each(arg, &users[i]);
	row_list_clear(list);
	return status;
}

enum status user_list(struct store *store, void (*each)(void *arg, const struct user *user),
		      void *arg, struct error *err)
{
	struct row_list list;

	return list_each(store_list(store, QUERY_USER_LIST, NO_VALUES, &list, err), &list, each,
			 arg);
}

enum status user_search(struct store *store, const char *begins, long max,
			void (*each)(void *arg, const struct user *user), void *arg,
			struct error *err)
{
	struct row_list list = {.query = QUERY_USER_SEARCH};
	char *folded = NULL;
	enum status status = name_fold(begins, &folded, err);

	if (status == STATUS_OK)
		status = store_list(store, QUERY_USER_SEARCH,
				    VALUES(as_text(folded), as_integer(max)), &list, err);
	free(folded);
	return list_each(status, &list, each, arg);
}
