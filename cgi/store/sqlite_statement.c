/*
 * Statements of the catalogue, with SQLite. The connection prepares each at its first use and keeps
 * it.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

struct statement *statement_get(struct connection *db, enum query query)
{
	struct statement *s = &db->statements[query];

	s->db = db;
	s->code = SQLITE_OK;
	if (s->prepared == NULL)
		s->code = sqlite3_prepare_v3(db->sqlite, catalogue[query], -1,
					     SQLITE_PREPARE_PERSISTENT, &s->prepared, NULL);
	if (s->active)
		sqlite3_reset(s->prepared);
	s->active = s->code == SQLITE_OK;
	return s;
}

void statement_bind_text(struct statement *s, int n, const char *text)
{
	if (s->code != SQLITE_OK)
		return;
	s->code = text == NULL ? sqlite3_bind_null(s->prepared, n)
			       : sqlite3_bind_text64(s->prepared, n, text, strlen(text),
						     SQLITE_STATIC, SQLITE_UTF8);
}

void statement_bind_integer(struct statement *s, int n, int64_t value)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_bind_int64(s->prepared, n, value);
}

void statement_bind_blob(struct statement *s, int n, const void *data, size_t len)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_bind_blob64(s->prepared, n, data, len, SQLITE_STATIC);
}

enum status statement_row(struct statement *s, struct error *err)
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
		/* Ends the read transaction now, not when the connection is returned. */
		sqlite3_reset(s->prepared);
	return status;
}

enum status statement_run(struct statement *s, int *changed, struct error *err)
{
	enum status status;

	do
		status = statement_row(s, err);
	while (status == STATUS_OK);
	if (status != STATUS_NOT_FOUND)
		return status;
	if (changed != NULL)
		*changed = sqlite3_changes(s->db->sqlite);
	return STATUS_OK;
}

int64_t statement_integer(struct statement *s, int column)
{
	return sqlite3_column_int64(s->prepared, column);
}

bool statement_is_null(struct statement *s, int column)
{
	return sqlite3_column_type(s->prepared, column) == SQLITE_NULL;
}

enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(s->prepared, column);
	size_t len = (size_t)sqlite3_column_bytes(s->prepared, column);

	if (text == NULL)
		return error_no_memory(err);
	if (strlen(text) != len)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: a text in column %s has a NUL in it: delete that row",
				 s->db->path, sqlite3_column_name(s->prepared, column));
	char *copy = strdup(text);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

enum status statement_blob(struct statement *s, int column, void *out, size_t len,
			   struct error *err)
{
	const void *data = sqlite3_column_blob(s->prepared, column);

	if (data == NULL || (size_t)sqlite3_column_bytes(s->prepared, column) != len)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: column %s does not hold %zu bytes: delete that row",
				 s->db->path, sqlite3_column_name(s->prepared, column), len);
	memcpy(out, data, len);
	return STATUS_OK;
}
