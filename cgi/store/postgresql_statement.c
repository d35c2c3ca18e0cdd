/*
 * Runs the queries of query_sql.c on PostgreSQL. The connection prepares each query at its first
 * use. Results are binary, so bytes need no decoding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "store/postgresql.h"

#define NUMBER_MAX 24 /* bytes of a 64-bit number as text, with its NUL */
#define NAME_MAX   8  /* bytes of the name of a statement */

/* ---- preparing ---- */

/* Returns the SQL of a query for PostgreSQL, in which a parameter is $1 and not ?1 as in SQLite. */
static char *text_of(enum query query)
{
	const struct query_sql *q = &queries[query];
	char *text = strdup(q->postgresql != NULL ? q->postgresql : q->sql);

	for (char *at = text; at != NULL && *at != '\0'; at++)
		if (*at == '?')
			*at = '$';
	return text;
}

static unsigned type_of(unsigned kind)
{
	switch (kind & ~KIND_OR_NULL) {
	case KIND_INTEGER:
		return POSTGRESQL_INT8;
	case KIND_BLOB:
		return POSTGRESQL_BYTES;
	default:
		return POSTGRESQL_TEXT;
	}
}

static void name_of(enum query query, char out[NAME_MAX])
{
	snprintf(out, NAME_MAX, "q%d", (int)query);
}

enum status remote_prepare(struct connection *db, enum query query, struct error *err)
{
	struct postgresql_failure why = {0};
	unsigned types[QUERY_PARAMS_MAX];
	char name[NAME_MAX];

	if (remote(db)->prepared[query])
		return STATUS_OK;
	char *text = text_of(query);
	struct postgresql_statement_text statement = {.name = name, .sql = text, .types = types};
	if (text == NULL)
		return error_no_memory(err);
	name_of(query, name);
	for (size_t i = 0; queries[query].params[i] != KIND_NULL; i++)
		types[statement.count++] = type_of(queries[query].params[i]);
	remote_deadline_set(db, remote(db)->call_ms);
	enum status status = postgresql_prepare(remote(db)->server, &statement, &why);
	free(text);
	if (status != STATUS_OK)
		return remote_failed(db, &why, err);
	remote(db)->prepared[query] = true;
	return STATUS_OK;
}

/* ---- executing ---- */

/* The values in the form that libpq takes. */
struct given {
	const char *values[QUERY_PARAMS_MAX];
	int lengths[QUERY_PARAMS_MAX];
	int formats[QUERY_PARAMS_MAX];
	char numbers[QUERY_PARAMS_MAX][NUMBER_MAX];
};

/* Converts the values. Returns false if a string is not UTF-8, because no row can contain it. */
static bool give(struct values values, struct given *out)
{
	for (size_t i = 0; i < values.count; i++) {
		const struct value *value = &values.list[i];

		out->lengths[i] = (int)value->len;
		out->formats[i] = value->kind == KIND_BLOB;
		out->values[i] = value->kind == KIND_NULL ? NULL : value->data;
		if (value->kind == KIND_INTEGER) {
			snprintf(out->numbers[i], NUMBER_MAX, "%lld", (long long)value->integer);
			out->values[i] = out->numbers[i];
		}
		if (value->kind == KIND_TEXT && !utf8_valid(value->data, value->len))
			return false;
	}
	return true;
}

static enum status execute(struct connection *db, enum query query, const struct given *given,
			   struct postgresql_result **out, struct error *err)
{
	struct postgresql_failure why = {0};
	struct postgresql_values values = {given->values, given->lengths, given->formats, 0, true};
	enum status status = remote_prepare(db, query, err);
	char name[NAME_MAX];

	if (status != STATUS_OK)
		return status;
	while (queries[query].params[values.count] != KIND_NULL)
		values.count++;
	name_of(query, name);
	remote_deadline_set(db, remote(db)->call_ms);
	status = postgresql_execute(remote(db)->server, name, &values, out, &why);
	return status == STATUS_OK ? status : remote_failed(db, &why, err);
}

/*
 * Runs a query. Also returns STATUS_NOT_FOUND if a value is not UTF-8, because no row can contain
 * such a value.
 */
static enum status ask(struct connection *db, enum query query, struct values values,
		       struct postgresql_result **out, struct error *err)
{
	enum status status = values_check(query, values, err);
	struct given given;

	if (status != STATUS_OK)
		return status;
	if (!give(values, &given))
		return STATUS_NOT_FOUND;
	return execute(db, query, &given, out, err);
}

/*
 * Runs a query that only reads. If the connection was lost, runs the query again on a new
 * connection.
 */
static enum status ask_twice(struct connection *db, enum query query, struct values values,
			     struct postgresql_result **out, struct error *err)
{
	enum status status = ask(db, query, values, out, err);

	if (status == STATUS_UNAVAILABLE && remote_connected_again(db))
		status = ask(db, query, values, out, err);
	return status;
}

/* ---- rows ---- */

/* Decodes a whole number of any size, or a boolean, which is one byte. */
static int64_t binary_number(const char *bytes, size_t len)
{
	int64_t number = len > 1 && (bytes[0] & 0x80) != 0 ? -1 : 0;

	for (size_t i = 0; i < len; i++)
		number = (int64_t)((uint64_t)number << 8 | (unsigned char)bytes[i]);
	return number;
}

/* Returns a cell, which is borrowed from the result. */
static struct value cell_read(const struct postgresql_result *result, int row, int column,
			      unsigned kind)
{
	if (postgresql_is_null(result, row, column))
		return (struct value){.kind = KIND_NULL};
	const char *value = postgresql_value(result, row, column);
	size_t len = postgresql_length(result, row, column);
	kind &= ~KIND_OR_NULL;
	if (kind == KIND_INTEGER || kind == KIND_FLAG)
		return as_integer(binary_number(value, len));
	return (struct value){
	    .kind = kind == KIND_BLOB ? KIND_BLOB : KIND_TEXT, .data = value, .len = len};
}

static enum status read_row(const struct connection *db, enum query query,
			    const struct postgresql_result *result, int row, void *out,
			    struct error *err)
{
	const struct row_type *type = queries[query].row;
	struct value cells[ROW_COLUMNS_MAX];

	for (size_t i = 0; i < type->count; i++)
		cells[i] = cell_read(result, row, (int)i, type->columns[i].kind);
	return row_read(db, query, cells, out, err);
}

enum status remote_find(struct connection *db, enum query query, struct values values, void *row,
			struct error *err)
{
	struct postgresql_result *result = NULL;
	enum status status = ask_twice(db, query, values, &result, err);

	if (status != STATUS_OK)
		return status;
	status = postgresql_rows(result) > 0 ? read_row(db, query, result, 0, row, err)
					     : STATUS_NOT_FOUND;
	postgresql_clear(result);
	return status;
}

enum status remote_list(struct connection *db, enum query query, struct values values,
			struct row_list *list, struct error *err)
{
	struct postgresql_result *result = NULL;
	enum status status = ask_twice(db, query, values, &result, err);

	list->query = query;
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	for (int i = 0; i < postgresql_rows(result) && status == STATUS_OK; i++) {
		void *row = row_list_add(list);

		status =
		    row != NULL ? read_row(db, query, result, i, row, err) : error_no_memory(err);
		list->count += status == STATUS_OK;
	}
	postgresql_clear(result);
	return status;
}

/* ---- writing ---- */

enum status remote_run(struct connection *db, enum query query, struct values values, int *changed,
		       struct error *err)
{
	struct postgresql_result *result = NULL;
	enum status status = ask(db, query, values, &result, err);

	if (status == STATUS_NOT_FOUND)
		return error_set(err, STATUS_BAD_REQUEST, "a value is not valid UTF-8");
	if (status != STATUS_OK)
		return status;
	if (changed != NULL)
		*changed = postgresql_changed(result);
	postgresql_clear(result);
	return STATUS_OK;
}
