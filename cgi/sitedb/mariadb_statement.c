/*
 * Prepares and executes statements of MariaDB and MySQL, and reads their rows.
 */
#include "sitedb/mariadb.h"

#ifdef LIBMARIADB

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

void mariadb_statement_free(struct mariadb_statement *s)
{
	if (s->stmt != NULL)
		libmariadb.mysql_stmt_close(s->stmt);
	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		free(s->columns[i].buffer);
	free(s);
}

/* ---- preparing ---- */

static bool is_usable(const MYSQL_FIELD *field)
{
	switch (field->type) {
	case MYSQL_TYPE_FLOAT:
	case MYSQL_TYPE_DOUBLE:
	case MYSQL_TYPE_BIT:
	case MYSQL_TYPE_GEOMETRY:
	case MYSQL_TYPE_TIME:
		return false;
	case MYSQL_TYPE_DECIMAL:
	case MYSQL_TYPE_NEWDECIMAL:
		return field->decimals == 0;
	default:
		return true;
	}
}

/*
 * Makes a buffer for each column. All values are fetched as strings. The buffer is one byte longer
 * than the longest allowed value, so that a longer value is noticed.
 */
static enum status buffers_make(struct mariadb_statement *s, const struct site_query_text *text,
				struct error *err)
{
	for (size_t i = 0; i < text->spec->n_columns; i++) {
		if (text->columns[i] < 0)
			continue;
		struct mariadb_column *column = &s->columns[text->columns[i]];
		column->size = text->spec->columns[i].max + 1;
		column->buffer = malloc(column->size);
		if (column->buffer == NULL)
			return error_no_memory(err);
		s->results[text->columns[i]] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
							    .buffer = column->buffer,
							    .buffer_length = column->size,
							    .length = &column->length,
							    .is_null = &column->is_null};
	}
	return STATUS_OK;
}

/* Checks that the server found as many parameters and columns in the statement as prebind did. */
static enum status counts_check(const struct mariadb_statement *s,
				const struct site_query_text *text, struct error *err)
{
	if (libmariadb.mysql_stmt_param_count(s->stmt) == text->n_places &&
	    libmariadb.mysql_stmt_field_count(s->stmt) == text->n_columns)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "prebind and the database server do not find the same parameters and "
			 "columns in the query; write one plain SELECT");
}

enum status mariadb_prepare(void *handle, const struct site_query_text *text, int64_t until_ms,
			    void **out, struct error *err)
{
	struct mariadb *connection = handle;
	struct mariadb_statement *s = calloc(1, sizeof(*s));
	enum status status = STATUS_OK;

	if (s == NULL)
		return error_no_memory(err);
	mariadb_wait_until(until_ms);
	s->connection = connection;
	s->next = connection->statements;
	connection->statements = s;
	s->stmt = libmariadb.mysql_stmt_init(connection->mysql);
	if (s->stmt == NULL)
		return error_no_memory(err);
	if (libmariadb.mysql_stmt_prepare(s->stmt, text->exact, strlen(text->exact)) != 0)
		status = mariadb_stmt_failed(s, err);
	if (status == STATUS_OK)
		status = counts_check(s, text, err);
	if (status == STATUS_OK)
		status = buffers_make(s, text, err);
	if (status == STATUS_OK)
		*out = s;
	return status;
}

/* ---- asking ---- */

/*
 * Returns true if the statement failed because a column's character set lacks a character of a
 * value. No row can then have this value. A fault of the query itself would have made `prepare`
 * fail.
 */
static bool cannot_be_there(const struct mariadb_statement *s)
{
	unsigned code = libmariadb.mysql_stmt_errno(s->stmt);

	return code == ER_CANT_AGGREGATE_2COLLATIONS || code == ER_CANT_AGGREGATE_3COLLATIONS ||
	       code == ER_CANT_AGGREGATE_NCOLLATIONS;
}

/*
 * Binds the parameters and executes the statement. Returns STATUS_NOT_FOUND if no row can have one
 * of the values.
 */
static enum status params_bind(struct mariadb_statement *s, const struct site_query_text *text,
			       const struct site_query_value *values, struct error *err)
{
	MYSQL_BIND binds[SELECT_PLACES_MAX] = {0};

	for (size_t i = 0; i < text->n_places; i++) {
		const struct site_query_value *value = &values[text->places[i]];

		if (value->text != NULL && !utf8_valid(value->text, strlen(value->text)))
			return STATUS_NOT_FOUND;
		if (value->text == NULL)
			binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG,
						.buffer = (void *)&value->number};
		else
			binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
						.buffer = (void *)value->text,
						.buffer_length = strlen(value->text)};
	}
	/*
	 * mysql_stmt_execute copies the values, so the array binds can go out of scope afterwards
	 */
	if (libmariadb.mysql_stmt_bind_param(s->stmt, binds) == 0 &&
	    libmariadb.mysql_stmt_execute(s->stmt) == 0)
		return STATUS_OK;
	return cannot_be_there(s) ? STATUS_NOT_FOUND : mariadb_stmt_failed(s, err);
}

static enum status mariadb_row_read(const struct mariadb_statement *s,
				    const struct site_query_text *text, struct site_query_row *row,
				    struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < text->spec->n_columns && status == STATUS_OK; i++) {
		if (text->columns[i] < 0)
			continue;
		const struct mariadb_column *column = &s->columns[text->columns[i]];
		if (column->is_null)
			continue;
		if (!column->usable)
			status = site_query_bad_value(text, i, "is neither text nor a whole number",
						      err);
		else if (column->length >= column->size)
			status = site_query_bad_value(text, i, "is too long", err);
		else
			status = site_query_value_dup(text, i, column->buffer, column->length,
						      &row->values[i], err);
	}
	return status;
}

/*
 * Binds the columns. This is needed at each execution, because after a change of the table the
 * server describes the columns again, and libmariadb then drops the bound buffers. Wrong flags from
 * the server have the same effect.
 */
static enum status columns_bind(struct mariadb_statement *s, const struct site_query_text *text,
				struct error *err)
{
	if (libmariadb.mysql_stmt_field_count(s->stmt) != text->n_columns)
		return mariadb_malformed(s->connection, err);
	for (size_t i = 0; i < text->n_columns; i++)
		s->columns[i].usable = is_usable(&s->stmt->fields[i]);
	return libmariadb.mysql_stmt_bind_result(s->stmt, s->results) == 0
		   ? STATUS_OK
		   : mariadb_stmt_failed(s, err);
}

/* Fetches all rows, which are few, so that every row is checked before the first row is read. */
static enum status rows_store(struct mariadb_statement *s, const struct site_query_text *text,
			      struct error *err)
{
	enum status status = columns_bind(s, text, err);

	if (status != STATUS_OK)
		return status;
	if (libmariadb.mysql_stmt_store_result(s->stmt) != 0)
		return mariadb_stmt_failed(s, err);
	for (const MYSQL_ROWS *row = s->stmt->result.data; row != NULL; row = row->next)
		if (!mariadb_row_is_whole(s->stmt->fields, s->stmt->field_count,
					  (const unsigned char *)row->data, row->length))
			return mariadb_malformed(s->connection, err);
	return STATUS_OK;
}

/* Reads the next row. Returns STATUS_NOT_FOUND after the last row. */
static enum status next_row(struct mariadb_statement *s, struct error *err)
{
	int rc = libmariadb.mysql_stmt_fetch(s->stmt);

	if (rc == MYSQL_NO_DATA)
		return STATUS_NOT_FOUND;
#ifdef MYSQL_DATA_MALFORMED
	if (rc == MYSQL_DATA_MALFORMED)
		return mariadb_malformed(s->connection, err);
#endif
	return rc == 0 || rc == MYSQL_DATA_TRUNCATED ? STATUS_OK : mariadb_stmt_failed(s, err);
}

static enum status rows_read(struct mariadb_statement *s, const struct site_query_text *text,
			     struct sitedb_rows *rows, struct error *err)
{
	enum status status = rows_store(s, text, err);

	if (status == STATUS_OK)
		status = next_row(s, err);
	if (status != STATUS_OK)
		return status;
	while (status == STATUS_OK && rows->count < rows->max) {
		status = mariadb_row_read(s, text, &rows->items[rows->count], err);
		status = sitedb_row_end(text, rows, status);
		if (status != STATUS_OK)
			return status;
		status = next_row(s, err);
	}
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && text->spec->many))
		return STATUS_OK;
	return status == STATUS_OK ? site_query_many_rows(text, err) : status;
}

enum status mariadb_ask(void *statement, const struct site_query_text *text,
			const struct sitedb_ask *ask, struct sitedb_rows *rows, struct error *err)
{
	struct mariadb_statement *s = statement;

	mariadb_wait_until(ask->until_ms);
	enum status status =
	    mariadb_limit_rows(s->connection, site_query_rows_max(text->spec), err);
	if (status == STATUS_OK)
		status = params_bind(s, text, ask->values, err);
	if (status != STATUS_OK)
		return status;
	status = rows_read(s, text, rows, err);
	libmariadb.mysql_stmt_free_result(s->stmt);
	return status;
}

#endif
