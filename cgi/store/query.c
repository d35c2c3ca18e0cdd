/*
 * Runs a query in one call, and converts rows to structs. For each query a table says which cell
 * fills which member. A list is read completely before the connection is returned.
 */
#include "store/query.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/secret.h"
#include "store/connection.h"

#define LIST_FIRST 64 /* rows; a full list doubles in size */

/* ---- parameters ---- */

/* Accepts null for every parameter, because the schema refuses null where it is not allowed. */
static bool value_fits(unsigned kind, const struct value *value)
{
	return value->kind == KIND_NULL || value->kind == (kind & ~KIND_OR_NULL);
}

enum status values_check(enum query query, struct values values, struct error *err)
{
	const unsigned char *params = queries[query].params;
	size_t count = 0;

	while (count < values.count && params[count] != KIND_NULL &&
	       value_fits(params[count], &values.list[count]))
		count++;
	if (params[count] == KIND_NULL && count == values.count)
		return STATUS_OK;
	return error_set(
	    err, STATUS_INTERNAL,
	    "value %zu does not have the type that query_sql.c declares for this query: %s",
	    count + 1, queries[query].sql);
}

/* ---- rows ---- */

static enum status bad_cell(const struct connection *db, const struct column *column,
			    const char *why, struct error *err)
{
	return error_set(err, STATUS_UNAVAILABLE, "%s: in a row, the column %s %s: delete this row",
			 connection_path(db), column->name, why);
}

static enum status read_text(const struct connection *db, const struct column *column,
			     const struct value *cell, void *member, struct error *err)
{
	/* Refuse a NUL, because a name that ended at the NUL could be the name of another user. */
	if (memchr(cell->data, '\0', cell->len) != NULL)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: in a row, the column %s contains a NUL byte: delete this row",
				 connection_path(db), column->name);
	char *text = strndup(cell->data, cell->len);
	if (text == NULL)
		return error_no_memory(err);
	memcpy(member, &text, sizeof(text));
	return STATUS_OK;
}

static enum status read_cell(const struct connection *db, const struct column *column,
			     const struct value *cell, void *member, struct error *err)
{
	const bool set = cell->integer != 0;

	if (cell->kind == KIND_NULL)
		return (column->kind & KIND_OR_NULL) != 0 ? STATUS_OK
							  : bad_cell(db, column, "is null", err);
	switch (column->kind & ~KIND_OR_NULL) {
	case KIND_INTEGER:
		memcpy(member, &cell->integer, sizeof(cell->integer));
		return STATUS_OK;
	case KIND_FLAG:
		memcpy(member, &set, sizeof(set));
		return STATUS_OK;
	case KIND_BLOB:
		if (cell->len != column->size)
			return bad_cell(db, column, "has the wrong length", err);
		memcpy(member, cell->data, cell->len);
		return STATUS_OK;
	default:
		return read_text(db, column, cell, member, err);
	}
}

enum status row_read(const struct connection *db, enum query query, const struct value *cells,
		     void *row, struct error *err)
{
	const struct row_type *type = queries[query].row;
	alignas(max_align_t) char fresh[ROW_SIZE_MAX] = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < type->count && status == STATUS_OK; i++)
		status = read_cell(db, &type->columns[i], &cells[i],
				   fresh + type->columns[i].offset, err);
	if (status == STATUS_OK)
		memcpy(row, fresh, type->size);
	else
		row_clear(query, fresh);
	secret_wipe(fresh, sizeof(fresh)); /* wiped, because a row can contain a key */
	return status;
}

void row_clear(enum query query, void *row)
{
	const struct row_type *type = queries[query].row;

	if (row == NULL)
		return;
	for (size_t i = 0; i < type->count; i++) {
		const struct column *c = &type->columns[i];
		unsigned kind = c->kind & ~KIND_OR_NULL;
		char *text;

		if (kind != KIND_TEXT && kind != KIND_SECRET)
			continue;
		memcpy(&text, (char *)row + c->offset, sizeof(text));
		if (kind == KIND_SECRET)
			secret_free(text);
		else
			free(text);
	}
	memset(row, 0, type->size);
}

void *row_list_add(struct row_list *list)
{
	const struct row_type *type = queries[list->query].row;

	/* The array has room for LIST_FIRST rows, and is doubled each time it is full. */
	if (list->count == 0 ||
	    (list->count >= LIST_FIRST && (list->count & (list->count - 1)) == 0)) {
		size_t room = list->count == 0 ? LIST_FIRST : list->count * 2;
		void *rows = reallocarray(list->rows, room, type->size);
		if (rows == NULL)
			return NULL;
		list->rows = rows;
	}
	return (char *)list->rows + list->count * type->size;
}

void row_list_clear(struct row_list *list)
{
	const struct row_type *type = queries[list->query].row;

	for (size_t i = 0; i < list->count; i++)
		row_clear(list->query, (char *)list->rows + i * type->size);
	free(list->rows);
	*list = (struct row_list){0};
}

/* ---- functions that run one query ---- */

static const struct store_key alone = {.scope = KEY_STATEMENT};

enum status store_find(struct store *store, enum query query, struct values values, void *row,
		       struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = connection_find(db, query, values, row, err);
	store_return(store, db);
	return status;
}

enum status store_run(struct store *store, enum query query, struct values values, int *changed,
		      struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &alone, &db, err);

	if (status != STATUS_OK)
		return status;
	int count = 0;
	status = connection_run(db, query, values, &count, err);
	status = store_end(store, db, status, err);
	if (status == STATUS_OK && changed != NULL)
		*changed = count;
	return status;
}

enum status connection_change(struct connection *db, enum query query, struct values values,
			      struct error *err)
{
	int changed = 0;
	enum status status = connection_run(db, query, values, &changed, err);

	return status == STATUS_OK && changed == 0 ? STATUS_NOT_FOUND : status;
}

enum status store_change(struct store *store, enum query query, struct values values,
			 struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &alone, &db, err);

	if (status != STATUS_OK)
		return status;
	status = connection_change(db, query, values, err);
	return store_end(store, db, status, err);
}

enum status store_list(struct store *store, enum query query, struct values values,
		       struct row_list *list, struct error *err)
{
	struct connection *db;

	*list = (struct row_list){.query = query};
	enum status status = store_borrow(store, &db, err);
	if (status != STATUS_OK)
		return status;
	status = connection_list(db, query, values, list, err);
	store_return(store, db);
	return status;
}
