/*
 * Runs the queries of query_sql.c on SQLite. The connection prepares each query at its first use
 * and keeps the prepared statement.
 */
#include "store/sqlite.h"

/* Prepares a statement if necessary. The first step of the statement reports errors. */
static struct statement *get(struct connection *db, enum query query)
{
	struct statement *s = &lite(db)->statements[query];

	s->db = db;
	s->code = SQLITE_OK;
	if (s->prepared == NULL)
		s->code = sqlite3_prepare_v3(lite(db)->sqlite, queries[query].sql, -1,
					     SQLITE_PREPARE_PERSISTENT, &s->prepared, NULL);
	if (s->active)
		sqlite3_reset(s->prepared);
	s->active = s->code == SQLITE_OK;
	return s;
}

void sqlite_bind(struct statement *s, int n, const struct value *value)
{
	if (s->code != SQLITE_OK)
		return;
	switch (value->kind) {
	case KIND_INTEGER:
		s->code = sqlite3_bind_int64(s->prepared, n, value->integer);
		break;
	case KIND_TEXT: /* SQLITE_STATIC, so that SQLite keeps no copy of a secret */
		s->code = sqlite3_bind_text64(s->prepared, n, value->data, value->len,
					      SQLITE_STATIC, SQLITE_UTF8);
		break;
	case KIND_BLOB:
		s->code =
		    sqlite3_bind_blob64(s->prepared, n, value->data, value->len, SQLITE_STATIC);
		break;
	default:
		s->code = sqlite3_bind_null(s->prepared, n);
	}
}

enum status sqlite_step(struct statement *s, struct error *err)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_step(s->prepared);
	if (s->code == SQLITE_ROW) {
		s->code = SQLITE_OK;
		return STATUS_OK;
	}
	enum status status =
	    s->code == SQLITE_DONE ? STATUS_NOT_FOUND : sqlite_failed(s->db, s->code, err);
	if (s->prepared != NULL)
		/* End the read transaction now, not only when the connection is returned. */
		sqlite3_reset(s->prepared);
	return status;
}

static enum status start(struct connection *db, enum query query, struct values values,
			 struct statement **out, struct error *err)
{
	enum status status = values_check(query, values, err);

	if (status != STATUS_OK)
		return status;
	*out = get(db, query);
	for (size_t i = 0; i < values.count; i++)
		sqlite_bind(*out, (int)i + 1, &values.list[i]);
	return STATUS_OK;
}

/* The cell is valid until the next step. */
static enum status read_cell(struct statement *s, int column, unsigned kind, struct value *out,
			     struct error *err)
{
	*out = (struct value){.kind = KIND_NULL};
	if (sqlite3_column_type(s->prepared, column) == SQLITE_NULL)
		return STATUS_OK;
	switch (kind & ~KIND_OR_NULL) {
	case KIND_INTEGER:
	case KIND_FLAG:
		*out = as_integer(sqlite3_column_int64(s->prepared, column));
		return STATUS_OK;
	case KIND_BLOB:
		*out = (struct value){KIND_BLOB, sqlite3_column_blob(s->prepared, column), 0, 0};
		break;
	default:
		*out = (struct value){KIND_TEXT, sqlite3_column_text(s->prepared, column), 0, 0};
	}
	out->len = (size_t)sqlite3_column_bytes(s->prepared, column);
	return out->data != NULL || out->len == 0 ? STATUS_OK : error_no_memory(err);
}

static enum status read_row(struct statement *s, enum query query, void *row, struct error *err)
{
	const struct row_type *type = queries[query].row;
	struct value cells[ROW_COLUMNS_MAX];
	enum status status = STATUS_OK;

	for (size_t i = 0; i < type->count && status == STATUS_OK; i++)
		status = read_cell(s, (int)i, type->columns[i].kind, &cells[i], err);
	return status == STATUS_OK ? row_read(s->db, query, cells, row, err) : status;
}

enum status sqlite_find(struct connection *db, enum query query, struct values values, void *row,
			struct error *err)
{
	struct statement *s;
	enum status status = start(db, query, values, &s, err);

	if (status == STATUS_OK)
		status = sqlite_step(s, err);
	return status == STATUS_OK ? read_row(s, query, row, err) : status;
}

enum status sqlite_run(struct connection *db, enum query query, struct values values, int *changed,
		       struct error *err)
{
	struct statement *s;
	enum status status = start(db, query, values, &s, err);

	while (status == STATUS_OK)
		status = sqlite_step(s, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	if (changed != NULL)
		*changed = sqlite3_changes(lite(db)->sqlite);
	return STATUS_OK;
}

enum status sqlite_list(struct connection *db, enum query query, struct values values,
			struct row_list *list, struct error *err)
{
	struct statement *s;
	enum status status = start(db, query, values, &s, err);

	list->query = query;
	while (status == STATUS_OK && (status = sqlite_step(s, err)) == STATUS_OK) {
		void *row = row_list_add(list);

		status = row != NULL ? read_row(s, query, row, err) : error_no_memory(err);
		list->count += status == STATUS_OK;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
