/*
 * Sets the errors about a query file, its columns and the values that it returns. A message names
 * the place in the file, or the column.
 */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "sitedb/sitedb.h"

enum status site_query_refuse(const struct site_query_text *text, long at, const char *sentence,
			      struct error *err)
{
	const char *sql = text->sql;
	int line = 1, column = 1;

	for (long i = 0; i < at && sql[i] != '\0'; i++) {
		column = sql[i] == '\n' ? 1 : column + 1;
		line += sql[i] == '\n';
	}
	return error_set(err, STATUS_BAD_REQUEST, "%s:%d:%d: %s (key `%s`)", text->spec->file, line,
			 column, sentence, text->spec->key);
}

enum status site_query_bad_value(const struct site_query_text *text, size_t column, const char *why,
				 struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "%s: the query found a row, but the column %s %s",
			 text->spec->file, text->spec->columns[column].name, why);
}

enum status site_query_many_rows(const struct site_query_text *text, struct error *err)
{
	return error_set(
	    err, STATUS_BAD_REQUEST,
	    "%s: the query found more than one row for one user; check the joins in the query",
	    text->spec->file);
}

enum status site_query_value_dup(const struct site_query_text *text, size_t column,
				 const char *value, size_t len, char **out, struct error *err)
{
	if (len > text->spec->columns[column].max)
		return site_query_bad_value(text, column, "is too long", err);
	if (memchr(value, '\0', len) != NULL)
		return site_query_bad_value(text, column, "contains a NUL byte", err);
	if (!utf8_valid(value, len))
		return site_query_bad_value(text, column, "is not UTF-8", err);
	*out = strndup(value, len);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

/* ---- parameters and columns ---- */

enum status site_query_not_asked(const struct site_query_spec *spec, const char *name, int len,
				 struct error *err)
{
	struct strbuf allowed;

	strbuf_init(&allowed);
	for (size_t i = 0; spec->asked[i] != NULL; i++)
		if (strcmp(spec->asked[i], SELECT_SEARCH_LIKE) != 0)
			strbuf_addf(&allowed, "%s%s", i > 0 ? " and " : "", spec->asked[i]);
	enum status status = strbuf_ok(&allowed)
				 ? error_set(err, STATUS_BAD_REQUEST,
					     "%.*s is not a parameter of this query; allowed: %s",
					     len, name, allowed.data)
				 : error_no_memory(err);
	strbuf_clear(&allowed);
	return status;
}

enum status site_query_refuse_column(const struct site_query_text *text, long at, const char *name,
				     bool unknown, struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	struct strbuf why;

	strbuf_init(&why);
	strbuf_addf(&why, "the column %s is %s; after AS, write one of:", name,
		    unknown ? "not known" : "named twice");
	for (size_t i = 0; i < spec->n_columns; i++)
		strbuf_addf(&why, " %s", spec->columns[i].name);
	enum status status =
	    strbuf_ok(&why) ? site_query_refuse(text, at, why.data, err) : error_no_memory(err);
	strbuf_clear(&why);
	return status;
}

enum status site_query_check_required(const struct site_query_text *text, const int *columns,
				      struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	struct error why;

	for (size_t i = 0; i < spec->n_columns; i++) {
		if (!spec->columns[i].required || columns[i] >= 0)
			continue;
		error_set(&why, STATUS_BAD_REQUEST,
			  "the query returns no column %s; write AS %s after a column",
			  spec->columns[i].name, spec->columns[i].name);
		return site_query_refuse(text, -1, why.text, err);
	}
	return STATUS_OK;
}

enum status site_query_refuse_unused(const struct site_query_text *text, struct error *err)
{
	struct error why;

	error_set(&why, STATUS_BAD_REQUEST,
		  "the query does not use %s; compare a column with this parameter, without quotes",
		  text->spec->asked[0]);
	return site_query_refuse(text, -1, why.text, err);
}
