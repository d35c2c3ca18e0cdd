/*
 * Another program's SQLite database, for sitedb/. The operator's statements run read-only, with low
 * limits, a guard and a time limit.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/foreign.h"
#include "store/sqlite.h"

#define FOREIGN_LOCK_TIMEOUT_MS 250 /* short, because a page waits for it */

/* ---- opening ---- */

/*
 * The limits allow little more than a query for a page needs, so that a bad query cannot use up
 * memory or time. The limits on columns and on the length of SQL also apply to the site's CREATE
 * TABLE statements. phpBB has a table of 70 columns, and a CREATE TABLE can be long.
 * sitedb/site_query.c limits the length of the query itself.
 */
static const struct {
	int what;
	int most;
} foreign_limits[] = {
    {SQLITE_LIMIT_LENGTH,              1048576},
    {SQLITE_LIMIT_SQL_LENGTH,          1048576},
    {SQLITE_LIMIT_COLUMN,              1024   },
    {SQLITE_LIMIT_EXPR_DEPTH,          50     },
    {SQLITE_LIMIT_COMPOUND_SELECT,     4      },
    {SQLITE_LIMIT_VDBE_OP,             25000  },
    {SQLITE_LIMIT_ATTACHED,            0      },
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 128    },
    {SQLITE_LIMIT_VARIABLE_NUMBER,     8      },
    {SQLITE_LIMIT_TRIGGER_DEPTH,       4      },
};

static enum status connect(struct connection *db, struct error *err)
{
	enum status status = sqlite_open(db, SQLITE_OPEN_READONLY, err);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < sizeof(foreign_limits) / sizeof(foreign_limits[0]); i++)
		sqlite3_limit(lite(db)->sqlite, foreign_limits[i].what, foreign_limits[i].most);
	return sqlite_script(db,
			     "PRAGMA query_only = 1; PRAGMA trusted_schema = OFF;"
			     "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
			     "PRAGMA temp_store = MEMORY",
			     err);
}

enum status connection_open_foreign(const char *path, struct connection **out, struct error *err)
{
	struct connection *db = sqlite_connection_new(path, FOREIGN_LOCK_TIMEOUT_MS);

	if (db == NULL)
		return error_no_memory(err);
	lite(db)->foreign = true;
	enum status status = connect(db, err);
	if (status == STATUS_OK)
		*out = db;
	else
		sqlite_close(db);
	return status;
}

/* ---- queries ---- */

/*
 * *out is valid until the next step, and is "" for an SQL null. Refuses a text with a NUL, because
 * a name that ended at the NUL could be another user's name.
 */
static enum status first_text(struct connection *db, sqlite3_stmt *prepared, const char **out,
			      struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(prepared, 0);

	if (text != NULL && strlen(text) != (size_t)sqlite3_column_bytes(prepared, 0))
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: a value in the column %s contains a NUL byte", db->path,
				 sqlite3_column_name(prepared, 0));
	*out = text != NULL ? text : "";
	return STATUS_OK;
}

enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg, struct error *err)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = STATUS_OK;
	int code = sqlite3_prepare_v3(lite(db)->sqlite, sql, -1, 0, &prepared, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(prepared);
	for (; code == SQLITE_ROW; code = sqlite3_step(prepared)) {
		const char *text;
		status = first_text(db, prepared, &text, err);
		if (status != STATUS_OK)
			break;
		each(arg, text);
	}
	if (status == STATUS_OK && code != SQLITE_DONE)
		status = sqlite_failed(db, code, err);
	sqlite3_finalize(prepared);
	return status;
}

static int over_budget(void *arg)
{
	const struct connection *db = arg;

	return clock_left_ms(lite(db)->deadline) == 0;
}

void connection_budget(struct connection *db, int milliseconds)
{
	lite(db)->deadline = clock_monotonic_ms() + milliseconds;
	sqlite3_progress_handler(lite(db)->sqlite, milliseconds == 0 ? 0 : STEPS_PER_LOOK,
				 over_budget, db);
}

static int ask_guard(void *arg, int action, const char *first, const char *second,
		     const char *database, const char *inside)
{
	const struct guard *guard = arg;
	enum guarded what = GUARDED_OTHER;

	(void)database;
	(void)inside;
	if (action == SQLITE_SELECT)
		what = GUARDED_SELECT;
	else if (action == SQLITE_READ)
		what = GUARDED_READ;
	else if (action == SQLITE_FUNCTION)
		what = GUARDED_FUNCTION;
	return guard->allows(guard->arg, what, action == SQLITE_FUNCTION ? second : first)
		   ? SQLITE_OK
		   : SQLITE_DENY;
}

void connection_guard(struct connection *db, const struct guard *guard)
{
	lite(db)->guard = *guard;
	sqlite3_set_authorizer(lite(db)->sqlite, ask_guard, &lite(db)->guard);
}

/* ---- statements that are not in query_sql.c ---- */

enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err)
{
	const char *rest = NULL;
	struct statement *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_no_memory(err);
	s->db = db;
	s->code = sqlite3_prepare_v3(lite(db)->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
				     &s->prepared, &rest);
	if (s->code == SQLITE_OK && s->prepared != NULL) {
		*end = rest - sql;
		*out = s;
		return STATUS_OK;
	}
	int primary = s->code & 0xff;
	enum status status = STATUS_BAD_REQUEST;
	*end = sqlite3_error_offset(lite(db)->sqlite);
	if (s->code == SQLITE_OK)
		error_set(err, status, "the query has no statement");
	else if (primary == SQLITE_ERROR || primary == SQLITE_AUTH || primary == SQLITE_TOOBIG)
		error_set(err, status, "%s", sqlite3_errmsg(lite(db)->sqlite));
	else
		status = sqlite_failed(db, s->code, err);
	statement_free(s);
	return status;
}

void statement_free(struct statement *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->prepared);
	free(s);
}

void statement_reset(struct statement *s)
{
	sqlite3_reset(s->prepared);
	sqlite3_clear_bindings(s->prepared);
	s->code = SQLITE_OK;
}

void statement_bind_text(struct statement *s, int n, const char *text)
{
	const struct value value = as_text(text);

	sqlite_bind(s, n, &value);
}

void statement_bind_integer(struct statement *s, int n, int64_t number)
{
	const struct value value = as_integer(number);

	sqlite_bind(s, n, &value);
}

enum status statement_row(struct statement *s, struct error *err)
{
	return sqlite_step(s, err);
}

bool statement_only_reads(const struct statement *s)
{
	return sqlite3_stmt_readonly(s->prepared) && sqlite3_stmt_isexplain(s->prepared) == 0;
}

int statement_param_count(const struct statement *s)
{
	return sqlite3_bind_parameter_count(s->prepared);
}

const char *statement_param_name(const struct statement *s, int n)
{
	return sqlite3_bind_parameter_name(s->prepared, n);
}

int statement_column_count(const struct statement *s)
{
	return sqlite3_column_count(s->prepared);
}

const char *statement_column_name(const struct statement *s, int column)
{
	return sqlite3_column_name(s->prepared, column);
}

enum value_kind statement_value_kind(struct statement *s, int column)
{
	switch (sqlite3_column_type(s->prepared, column)) {
	case SQLITE_NULL:
		return VALUE_NULL;
	case SQLITE_INTEGER:
		return VALUE_INTEGER;
	case SQLITE_TEXT:
		return VALUE_TEXT;
	default:
		return VALUE_OTHER;
	}
}

size_t statement_value_length(struct statement *s, int column)
{
	return (size_t)sqlite3_column_bytes(s->prepared, column);
}

enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(s->prepared, column);
	size_t len = (size_t)sqlite3_column_bytes(s->prepared, column);

	if (text == NULL)
		return error_no_memory(err);
	if (strlen(text) != len)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: a value in the column %s contains a NUL byte", s->db->path,
				 sqlite3_column_name(s->prepared, column));
	char *copy = strdup(text);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}
