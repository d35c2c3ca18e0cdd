/*
 * The callers of /rest/adhoc/{jid}. The table has only hashes: a slow hash of the password, and a
 * fast hash of the API key. A fast hash is enough for the API key because the key is random.
 */
#include "store/adhoc_caller.h"

#include <string.h>

#include "base/name.h"
#include "store/query.h"

void adhoc_caller_clear(struct adhoc_caller *caller)
{
	row_clear(QUERY_ADHOC_CALLER_FIND, caller);
}

static enum status or_no_caller(enum status status, const char *name, struct error *err)
{
	if (status != STATUS_NOT_FOUND)
		return status;
	return error_set(err, status, "there is no gateway caller \"%s\"", name);
}

enum status adhoc_caller_find(struct store *store, const char *name, struct adhoc_caller *out,
			      struct error *err)
{
	return or_no_caller(
	    store_find(store, QUERY_ADHOC_CALLER_FIND, VALUES(as_text(name)), out, err), name, err);
}

static enum status check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > ADHOC_CALLER_NAME_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "a caller's name must have 1 to %d bytes",
				 ADHOC_CALLER_NAME_MAX);
	if (strpbrk(name, ": ") != NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "a caller's name must be a bare JID or a word, and must not "
				 "contain spaces or colons");
	return name_characters_check(name, err);
}

enum status adhoc_caller_add(struct store *store, const struct adhoc_caller *caller,
			     struct error *err)
{
	const void *key = caller->has_api_key ? caller->api_key_hash : NULL;
	const struct values values = VALUES(
	    as_text(caller->name), as_text(caller->password_hash), as_blob(key, SECRET_SHA256_LEN),
	    as_text(caller->domains), as_text(caller->addresses), as_integer(caller->created));
	enum status status = check_name(caller->name, err);

	if (status != STATUS_OK)
		return status;
	status = store_run(store, QUERY_ADHOC_CALLER_ADD, values, NULL, err);
	if (status == STATUS_CONFLICT)
		error_set(err, status, "there is already a gateway caller \"%s\"", caller->name);
	return status;
}

enum status adhoc_caller_set_password(struct store *store, const char *name,
				      const char *password_hash, struct error *err)
{
	return or_no_caller(store_change(store, QUERY_ADHOC_CALLER_SET_PASSWORD,
					 VALUES(as_text(name), as_text(password_hash)), err),
			    name, err);
}

enum status adhoc_caller_set_disabled(struct store *store, const char *name, bool disabled,
				      struct error *err)
{
	return or_no_caller(store_change(store, QUERY_ADHOC_CALLER_SET_DISABLED,
					 VALUES(as_text(name), as_integer(disabled)), err),
			    name, err);
}

enum status adhoc_caller_delete(struct store *store, const char *name, struct error *err)
{
	return or_no_caller(
	    store_change(store, QUERY_ADHOC_CALLER_DELETE, VALUES(as_text(name)), err), name, err);
}

enum status adhoc_caller_list(struct store *store,
			      void (*each)(void *arg, const struct adhoc_caller *caller), void *arg,
			      struct error *err)
{
	struct row_list list;
	enum status status = store_list(store, QUERY_ADHOC_CALLER_LIST, NO_VALUES, &list, err);
	const struct adhoc_caller *callers = list.rows;

	for (size_t i = 0; status == STATUS_OK && i < list.count; i++)
		each(arg, &callers[i]);
	row_list_clear(&list);
	return status;
}
