/*
 * Lists: reads all rows of a query into an array, so that the connection is returned before the
 * caller uses the first row.
 */
#include <stdlib.h>

#include "store/connection.h"

#define ROWS_FIRST 64

/* Appends one row. The size of the array doubles, so that a long list is not copied often. */
static enum status append(struct row_list *list, size_t *room, const struct row_type *type,
			  struct statement *s, struct error *err)
{
	if (list->count == *room) {
		size_t more = *room == 0 ? ROWS_FIRST : *room * 2;
		void *rows = reallocarray(list->rows, more, type->size);
		if (rows == NULL)
			return error_no_memory(err);
		list->rows = rows;
		*room = more;
	}
	enum status status = type->read(s, (char *)list->rows + list->count * type->size, err);
	if (status == STATUS_OK)
		list->count++;
	return status;
}

enum status row_list_read(struct store *store, enum query query, const struct row_type *type,
			  struct row_list *out, struct error *err)
{
	struct row_list list = {0};
	size_t room = 0;
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	struct statement *s = statement_get(db, query);
	while ((status = statement_row(s, err)) == STATUS_OK) {
		status = append(&list, &room, type, s, err);
		if (status != STATUS_OK)
			break;
	}
	store_return(store, db);
	if (status != STATUS_NOT_FOUND) {
		row_list_clear(&list, type);
		return status;
	}
	*out = list;
	return STATUS_OK;
}

void row_list_clear(struct row_list *list, const struct row_type *type)
{
	for (size_t i = 0; i < list->count; i++)
		type->clear((char *)list->rows + i * type->size);
	free(list->rows);
	*list = (struct row_list){0};
}
