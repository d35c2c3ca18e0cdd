/*
 * Prepares and executes statements of PostgreSQL, and reads their rows.
 */
#include "sitedb/postgresql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

/* Type numbers from PostgreSQL's pg_type.dat that are not in db/postgresql.h. */
enum {
	TYPE_NAME = 19,
	TYPE_INT2 = 21,
	TYPE_OID = 26,
	TYPE_CHAR_N = 1042,
	TYPE_VARCHAR = 1043,
	TYPE_DATE = 1082,
	TYPE_TIMESTAMP = 1114,
	TYPE_TIMESTAMPTZ = 1184,
	/* citext and other types that were added to the database; read as strings */
	TYPE_FIRST_OWN = 16384
};

/* ---- preparing ---- */

static bool is_text_type(unsigned type)
{
	return type == POSTGRESQL_TEXT || type == TYPE_VARCHAR || type == TYPE_CHAR_N ||
	       type == TYPE_NAME || type >= TYPE_FIRST_OWN;
}

static bool is_whole_type(unsigned type)
{
	return type == POSTGRESQL_INT8 || type == POSTGRESQL_INT4 || type == TYPE_INT2;
}

/*
 * Refuses a query in which a parameter does not have the expected type, because the server would
 * convert the value before the comparison.
 */
static enum status params_check(struct postgresql_statement *s, const struct site_query_text *text,
				const struct postgresql_result *described, struct error *err)
{
	for (size_t i = 0; i < text->n_places; i++) {
		unsigned type = postgresql_param_type(described, (int)i);
		s->params[i] = type;
		if (!is_text_type(type) && !is_whole_type(type))
			return error_set(err, STATUS_BAD_REQUEST,
					 "%s is compared with a column that holds neither text nor "
					 "whole numbers; write CAST(column AS text) in the query",
					 text->spec->asked[text->places[i]]);
	}
	return STATUS_OK;
}

static enum status describe(struct postgresql_statement *s, const struct site_query_text *text,
			    struct error *err)
{
	struct postgresql_result *described = NULL;
	struct postgresql_failure why = {0};
	enum status status = postgresql_describe(s->site->server, s->name, &described, &why);

	if (status != STATUS_OK)
		return postgresql_site_failed(&why, err);
	if (postgresql_params(described) != (int)text->n_places ||
	    postgresql_columns(described) != (int)text->n_columns)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "prebind and the database server do not find the same "
				   "parameters and columns in the query; write one plain SELECT");
	else
		status = params_check(s, text, described, err);
	for (size_t i = 0; i < text->n_columns && status == STATUS_OK; i++)
		s->columns[i] = postgresql_column_type(described, (int)i);
	postgresql_clear(described);
	return status;
}

/*
 * Returns the type to declare for a parameter. A number is declared as a number, so that `:now -
 * 60` is a number. :q and :q_like are declared as text. Any other string gets type 0, which lets
 * the server infer the type.
 */
static unsigned type_of(const char *param)
{
	if (!select_is_text(param))
		return POSTGRESQL_INT8;
	return strcmp(param, SELECT_SEARCH) == 0 || strcmp(param, SELECT_SEARCH_LIKE) == 0
		   ? POSTGRESQL_TEXT
		   : 0;
}

static enum status send_prepare(struct postgresql_statement *s, const struct site_query_text *text,
				struct error *err)
{
	unsigned types[SELECT_PLACES_MAX] = {0};
	const struct postgresql_statement_text statement = {s->name, text->exact, types,
							    text->n_places};
	struct postgresql_failure why = {0};

	for (size_t i = 0; i < text->n_places; i++)
		types[i] = type_of(text->spec->asked[text->places[i]]);
	return postgresql_prepare(s->site->server, &statement, &why) == STATUS_OK
		   ? STATUS_OK
		   : postgresql_site_failed(&why, err);
}

enum status postgresql_site_prepare(void *handle, const struct site_query_text *text,
				    int64_t until_ms, void **out, struct error *err)
{
	struct postgresql_site *site = handle;
	struct postgresql_statement *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_no_memory(err);
	postgresql_set_deadline(site->server, until_ms);
	s->site = site;
	s->next = site->statements;
	site->statements = s;
	snprintf(s->name, sizeof(s->name), "q%u", site->n_statements++);
	enum status status = send_prepare(s, text, err);
	if (status == STATUS_OK)
		status = describe(s, text, err);
	if (status == STATUS_OK)
		*out = s;
	return status;
}

/* ---- asking ---- */

/*
 * Returns true if the string is a whole number that fits the type and is written as the server
 * writes it: 17, but not 017 or +17. The server would refuse any other string.
 */
static bool is_whole(const char *text, unsigned type)
{
	const int64_t max = type == POSTGRESQL_INT8   ? INT64_MAX
			    : type == POSTGRESQL_INT4 ? INT32_MAX
						      : INT16_MAX;
	const char *digits = text[0] == '-' ? text + 1 : text;
	size_t len = strspn(digits, "0123456789");

	if (digits[len] != '\0' || len == 0 || (digits[0] == '0' && (len > 1 || digits != text)))
		return false;
	errno = 0;
	const int64_t number = strtoll(text, NULL, 10);
	return errno == 0 && number <= max && number >= -max - 1;
}

static bool may_be_there(const struct postgresql_statement *s, size_t place, const char *text)
{
	return utf8_valid(text, strlen(text)) &&
	       (!is_whole_type(s->params[place]) || is_whole(text, s->params[place]));
}

#define NUMBER_MAX 24 /* bytes of a 64-bit number in decimal, with its NUL */

/* Executes the statement. Returns STATUS_NOT_FOUND if no row can have one of the values. */
static enum status send_query(struct postgresql_statement *s, const struct site_query_text *text,
			      const struct sitedb_ask *ask, struct postgresql_result **out,
			      struct error *err)
{
	const char *values[SELECT_PLACES_MAX] = {0};
	struct postgresql_failure why = {0};
	char numbers[SITE_QUERY_PARAMS_MAX][NUMBER_MAX];

	for (size_t i = 0; i < text->n_places; i++) {
		unsigned param = text->places[i];
		const struct site_query_value *value = &ask->values[param];

		values[i] = value->text != NULL ? value->text : numbers[param];
		if (value->text == NULL)
			snprintf(numbers[param], NUMBER_MAX, "%lld", (long long)value->number);
		else if (!may_be_there(s, i, value->text))
			return STATUS_NOT_FOUND;
	}
	const struct postgresql_values given = {.values = values, .count = text->n_places};
	return postgresql_execute(s->site->server, s->name, &given, out, &why) == STATUS_OK
		   ? STATUS_OK
		   : postgresql_site_failed(&why, err);
}

/* The position of a value in a result. */
struct cell {
	const struct postgresql_result *result;
	int row, column;
};

/*
 * Returns the value as a string, borrowed from the result, and sets *len to its length. Returns
 * NULL if the value is neither a string nor a whole number.
 */
static const char *cell_text(const struct cell *cell, unsigned type, size_t *len)
{
	const char *value = postgresql_value(cell->result, cell->row, cell->column);

	*len = postgresql_length(cell->result, cell->row, cell->column);
	if (type == POSTGRESQL_BOOL) {
		bool known = strcmp(value, "t") == 0 || strcmp(value, "f") == 0;
		*len = 1;
		return known ? (value[0] == 't' ? "1" : "0") : NULL;
	}
	while (type == TYPE_CHAR_N && *len > 0 && value[*len - 1] == ' ')
		--*len; /* drop the padding of a CHAR column */
	bool known = is_text_type(type) || is_whole_type(type) || type == TYPE_OID ||
		     type == TYPE_DATE || type == TYPE_TIMESTAMP || type == TYPE_TIMESTAMPTZ;
	return known || is_whole(value, POSTGRESQL_INT8) ? value : NULL;
}

static enum status postgresql_row_read(const struct postgresql_statement *s,
				       const struct site_query_text *text, struct cell cell,
				       struct site_query_row *row, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < text->spec->n_columns && status == STATUS_OK; i++) {
		size_t len;
		cell.column = text->columns[i];
		if (cell.column < 0 || postgresql_is_null(cell.result, cell.row, cell.column))
			continue;
		const char *value = cell_text(&cell, s->columns[cell.column], &len);
		status =
		    value == NULL
			? site_query_bad_value(text, i, "is neither text nor a whole number", err)
			: site_query_value_dup(text, i, value, len, &row->values[i], err);
	}
	return status;
}

static enum status rows_read(const struct postgresql_statement *s,
			     const struct site_query_text *text,
			     const struct postgresql_result *result, struct sitedb_rows *rows,
			     struct error *err)
{
	struct cell cell = {.result = result};
	enum status status = STATUS_OK;
	int n = postgresql_rows(result);

	if (n == 0)
		return STATUS_NOT_FOUND;
	if (n > 1 && !text->spec->many)
		return site_query_many_rows(text, err);
	for (; cell.row < n && rows->count < rows->max && status == STATUS_OK; cell.row++) {
		status = postgresql_row_read(s, text, cell, &rows->items[rows->count], err);
		status = sitedb_row_end(text, rows, status);
	}
	return status;
}

enum status postgresql_site_ask(void *statement, const struct site_query_text *text,
				const struct sitedb_ask *ask, struct sitedb_rows *rows,
				struct error *err)
{
	struct postgresql_statement *s = statement;
	struct postgresql_result *result = NULL;

	postgresql_set_deadline(s->site->server, ask->until_ms);
	enum status status = send_query(s, text, ask, &result, err);
	if (status != STATUS_OK)
		return status;
	status = rows_read(s, text, result, rows, err);
	postgresql_clear(result);
	return status;
}
