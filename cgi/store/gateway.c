/*
 * The callers of /rest/adhoc/{jid}. The table has only hashes: a slow one of the password, and a
 * fast one of the API key, which is random.
 */
#include "store/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "store/connection.h"

void gateway_caller_clear(struct gateway_caller *caller)
{
	if (caller == NULL)
		return;
	free(caller->name);
	secret_free(caller->password_hash);
	free(caller->domains);
	free(caller->addresses);
	*caller = (struct gateway_caller){0};
}

static enum status read_caller(struct statement *s, void *row, struct error *err)
{
	struct gateway_caller *out = row;
	struct gateway_caller caller = {
	    .has_api_key = !statement_is_null(s, 2),
	    .disabled = statement_integer(s, 5) != 0,
	    .created = statement_integer(s, 6),
	};
	enum status status = statement_text_dup(s, 0, &caller.name, err);

	if (status == STATUS_OK)
		status = statement_text_dup(s, 1, &caller.password_hash, err);
	if (status == STATUS_OK && caller.has_api_key)
		status = statement_blob(s, 2, caller.api_key_hash, SECRET_SHA256_LEN, err);
	if (status == STATUS_OK)
		status = statement_text_dup(s, 3, &caller.domains, err);
	if (status == STATUS_OK)
		status = statement_text_dup(s, 4, &caller.addresses, err);
	if (status == STATUS_OK)
		*out = caller;
	else
		gateway_caller_clear(&caller);
	return status;
}

static void clear_caller(void *row)
{
	gateway_caller_clear(row);
}

static const struct row_type caller_row = {
    .size = sizeof(struct gateway_caller),
    .read = read_caller,
    .clear = clear_caller,
};

static enum status no_such_caller(const char *name, struct error *err)
{
	return error_set(err, STATUS_NOT_FOUND, "there is no gateway caller \"%s\"", name);
}

enum status gateway_caller_find(struct store *store, const char *name, struct gateway_caller *out,
				struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_GATEWAY_FIND);
	statement_bind_text(s, 1, name);
	status = statement_row(s, err);
	if (status == STATUS_OK)
		status = read_caller(s, out, err);
	else if (status == STATUS_NOT_FOUND)
		status = no_such_caller(name, err);
	store_return(store, db);
	return status;
}

static enum status check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > GATEWAY_NAME_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "a caller's name has 1 to %d bytes",
				 GATEWAY_NAME_MAX);
	if (strpbrk(name, ": ") != NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "a caller's name is a bare JID or a word, without blanks and "
				 "colons");
	return name_characters_check(name, err);
}

static void bind_caller(struct statement *s, const struct gateway_caller *caller)
{
	statement_bind_text(s, 1, caller->name);
	statement_bind_text(s, 2, caller->password_hash);
	if (caller->has_api_key)
		statement_bind_blob(s, 3, caller->api_key_hash, SECRET_SHA256_LEN);
	else
		statement_bind_text(s, 3, NULL);
	statement_bind_text(s, 4, caller->domains);
	statement_bind_text(s, 5, caller->addresses);
	statement_bind_integer(s, 6, caller->created);
}

enum status gateway_caller_add(struct store *store, const struct gateway_caller *caller,
			       struct error *err)
{
	struct connection *db;
	enum status status = check_name(caller->name, err);

	if (status == STATUS_OK)
		status = store_begin(store, &db, err);
	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, QUERY_GATEWAY_ADD);
	bind_caller(s, caller);
	status = statement_run(s, NULL, err);
	if (status == STATUS_CONFLICT)
		error_set(err, status, "there is already a gateway caller \"%s\"", caller->name);
	return store_end(store, db, status, err);
}

/* A change of one caller. The parameter after the name is a text, a number or absent. */
struct change {
	enum query query;
	const char *text;
	const bool *flag;
};

static enum status change_caller(struct store *store, const char *name, const struct change *change,
				 struct error *err)
{
	struct connection *db;
	int changed = 0;
	enum status status = store_begin(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, change->query);
	statement_bind_text(s, 1, name);
	if (change->text != NULL)
		statement_bind_text(s, 2, change->text);
	if (change->flag != NULL)
		statement_bind_integer(s, 2, *change->flag);
	status = statement_run(s, &changed, err);
	if (status == STATUS_OK && changed == 0)
		status = no_such_caller(name, err);
	return store_end(store, db, status, err);
}

enum status gateway_caller_set_password(struct store *store, const char *name,
					const char *password_hash, struct error *err)
{
	struct change change = {.query = QUERY_GATEWAY_SET_PASSWORD, .text = password_hash};

	return change_caller(store, name, &change, err);
}

enum status gateway_caller_set_disabled(struct store *store, const char *name, bool disabled,
					struct error *err)
{
	struct change change = {.query = QUERY_GATEWAY_SET_DISABLED, .flag = &disabled};

	return change_caller(store, name, &change, err);
}

enum status gateway_caller_delete(struct store *store, const char *name, struct error *err)
{
	struct change change = {.query = QUERY_GATEWAY_DELETE};

	return change_caller(store, name, &change, err);
}

enum status gateway_caller_list(struct store *store,
				void (*each)(void *arg, const struct gateway_caller *caller),
				void *arg, struct error *err)
{
	struct row_list list;
	enum status status = row_list_read(store, QUERY_GATEWAY_LIST, &caller_row, &list, err);

	if (status != STATUS_OK)
		return status;
	const struct gateway_caller *callers = list.rows;
	for (size_t i = 0; i < list.count; i++)
		each(arg, &callers[i]);
	row_list_clear(&list, &caller_row);
	return STATUS_OK;
}
