/*
 * Checks that a statement in the site's database is harmless and has the expected parameters and
 * columns. Errors give the place in the file, because the operator wrote it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "store/foreign.h"

/*
 * These functions are pure and cheap, and are enough to select and compare names and times. All
 * others are denied, because some of them read files or load code.
 */
static const char *const functions[] = {"lower",  "upper", "substr",   "coalesce",  "ifnull",
					"length", "trim",  "strftime", "unixepoch", "hex",
					"min",    "max",   "count",    "fold"};

/* ---- the guard ---- */

static bool is_function(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcasecmp(functions[i], name) == 0)
			return true;
	return false;
}

static bool is_table(const struct site_query_connection *connection, const char *name)
{
	for (size_t i = 0; i < connection->n_tables; i++)
		if (strcasecmp(connection->tables[i], name) == 0)
			return true;
	return false;
}

static bool allows(void *arg, enum guarded what, const char *name)
{
	struct site_query_connection *connection = arg;
	bool allowed = what == GUARDED_SELECT;

	if (what == GUARDED_READ)
		allowed = name != NULL && is_table(connection, name);
	else if (what == GUARDED_FUNCTION)
		allowed = name != NULL && is_function(name);
	if (!allowed && connection->denied[0] == '\0') {
		connection->denied_what = what;
		snprintf(connection->denied, sizeof(connection->denied), "%s",
			 name != NULL && name[0] != '\0' ? name : "it");
	}
	return allowed;
}

static void add_table(void *arg, const char *name)
{
	struct site_query_connection *connection = arg;
	char **tables = reallocarray(connection->tables, connection->n_tables + 1, sizeof(*tables));
	char *copy = strdup(name);

	if (tables != NULL)
		connection->tables = tables;
	if (tables != NULL && copy != NULL)
		connection->tables[connection->n_tables++] = copy;
	else
		connection->no_memory = true;
	if (tables == NULL)
		free(copy);
}

/*
 * Reads the names of tables and views, before the guard is set. SQLite's catalogue is not among
 * them. Neither are virtual tables, whose modules would run code of their own.
 */
static enum status read_tables(struct site_query_connection *connection, struct error *err)
{
	enum status status =
	    connection_each(connection->db,
			    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
			    " AND substr(name, 1, 7) <> 'sqlite_'"
			    " AND upper(substr(sql, 1, 14)) <> 'CREATE VIRTUAL'",
			    add_table, connection, err);

	return status == STATUS_OK && connection->no_memory ? error_no_memory(err) : status;
}

/* ---- place in the file ---- */

/* Sets the error "FILE:LINE:COLUMN: sentence". at: offset in the text; negative: its beginning. */
static enum status refuse(const struct site_query_text *text, long at, const char *sentence,
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

/* Returns the length of the comment at the start of text; 0: there is none. */
static size_t comment_length(const char *text)
{
	const char *end;

	if (strncmp(text, "--", 2) == 0)
		return strcspn(text, "\n");
	if (strncmp(text, "/*", 2) != 0)
		return 0;
	end = strstr(text + 2, "*/");
	return end != NULL ? (size_t)(end + 2 - text) : strlen(text);
}

/* Returns the offset of the first occurrence of the word outside comments; -1: none. */
static long find_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; *at != '\0';) {
		size_t comment = comment_length(at);

		if (comment == 0 && strncasecmp(at, word, len) == 0)
			return at - text;
		at += comment > 0 ? comment : 1;
	}
	return -1;
}

static enum status refuse_denied(const struct site_query_text *text,
				 const struct site_query_connection *connection, struct error *err)
{
	static const char *const sentences[] = {
	    [GUARDED_SELECT] = "this may not be selected",
	    [GUARDED_READ] = "may not be read: it is not a table or view of the site",
	    [GUARDED_FUNCTION] =
		"may not be called: the only functions allowed are lower upper substr coalesce "
		"ifnull length trim strftime unixepoch hex min max count",
	    [GUARDED_OTHER] = "does more than read: write one SELECT",
	};
	struct error why;

	error_set(&why, STATUS_BAD_REQUEST, "'%s' %s", connection->denied,
		  sentences[connection->denied_what]);
	return refuse(text, find_word(text->sql, connection->denied), why.text, err);
}

/* ---- parameters and columns ---- */

static enum status check_tail(const struct site_query_text *text, long end, struct error *err)
{
	const char *rest = text->sql + end;

	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest == '\0')
		return STATUS_OK;
	return refuse(text, rest - text->sql,
		      "there is more text after the first statement: write one SELECT", err);
}

/* Returns the index of a parameter in spec->asked, or -1. */
static int asked_index(const struct site_query_spec *spec, const char *name)
{
	for (int i = 0; spec->asked[i] != NULL; i++)
		if (name != NULL && strcmp(spec->asked[i], name) == 0)
			return i;
	return -1;
}

static enum status check_params(const struct site_query_text *text,
				struct site_query_connection *connection, struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	struct error why;

	for (int n = 1; n <= statement_param_count(connection->statement); n++) {
		const char *name = statement_param_name(connection->statement, n);
		int index = asked_index(spec, name);

		if (index < 0) {
			error_set(&why, STATUS_BAD_REQUEST,
				  "%s is not a parameter here; allowed: %s%s%s",
				  name != NULL ? name : "?", spec->asked[0],
				  spec->asked[1] != NULL ? " and " : "",
				  spec->asked[1] != NULL ? spec->asked[1] : "");
			return refuse(text, find_word(text->sql, name != NULL ? name : "?"),
				      why.text, err);
		}
		connection->params[index] = n;
	}
	if (connection->params[0] != 0)
		return STATUS_OK;
	error_set(&why, STATUS_BAD_REQUEST,
		  "%s is not used: the query must search for it (in quotes it is only text)",
		  spec->asked[0]);
	return refuse(text, -1, why.text, err);
}

static int column_index(const struct site_query_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_columns; i++)
		if (strcasecmp(spec->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

static enum status refuse_column(const struct site_query_text *text, const char *name, bool unknown,
				 struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	struct strbuf why;

	strbuf_init(&why);
	strbuf_addf(&why, "the column %s is %s; write AS with one of:", name,
		    unknown ? "not known here" : "there twice");
	for (size_t i = 0; i < spec->n_columns; i++)
		strbuf_addf(&why, " %s", spec->columns[i].name);
	enum status status = strbuf_ok(&why)
				 ? refuse(text, find_word(text->sql, name), why.data, err)
				 : error_no_memory(err);
	strbuf_clear(&why);
	return status;
}

static enum status check_columns(const struct site_query_text *text,
				 struct site_query_connection *connection, struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	struct error why;

	for (int n = 0; n < statement_column_count(connection->statement); n++) {
		const char *name = statement_column_name(connection->statement, n);
		if (name == NULL)
			return error_no_memory(err);
		int index = column_index(spec, name);

		if (index >= 0 && connection->columns[index] < 0) {
			connection->columns[index] = n;
			continue;
		}
		return refuse_column(text, name, index < 0, err);
	}
	for (size_t i = 0; i < spec->n_columns; i++) {
		if (!spec->columns[i].required || connection->columns[i] >= 0)
			continue;
		error_set(&why, STATUS_BAD_REQUEST, "no column is named %s: write AS %s after one",
			  spec->columns[i].name, spec->columns[i].name);
		return refuse(text, -1, why.text, err);
	}
	return STATUS_OK;
}

/* Reports SQLite's message, and how to list the tables. */
static enum status refuse_sql(const struct site_query_text *text, long at, const char *said,
			      struct error *err)
{
	struct error why;

	error_set(&why, STATUS_BAD_REQUEST, "%s; to list the tables, run: sqlite3 %s .schema", said,
		  text->spec->database);
	return refuse(text, at, why.text, err);
}

static enum status prepare(const struct site_query_text *text,
			   struct site_query_connection *connection, struct error *err)
{
	struct error why = {0};
	long end = -1;

	enum status status =
	    statement_prepare(connection->db, text->sql, &connection->statement, &end, &why);
	if (status == STATUS_BAD_REQUEST && connection->denied[0] != '\0')
		return refuse_denied(text, connection, err);
	if (status == STATUS_BAD_REQUEST)
		return refuse_sql(text, end, why.text, err);
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	status = check_tail(text, end, err);
	if (status == STATUS_OK && !statement_only_reads(connection->statement))
		status = refuse(text, -1, "this does not read data: write one SELECT", err);
	if (status == STATUS_OK)
		status = check_params(text, connection, err);
	if (status == STATUS_OK)
		status = check_columns(text, connection, err);
	return status;
}

enum status site_query_prepare(const struct site_query_text *text,
			       struct site_query_connection *connection, struct error *err)
{
	const struct guard guard = {.allows = allows, .arg = connection};
	enum status status = read_tables(connection, err);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		connection->columns[i] = -1;
	connection_guard(connection->db, &guard);
	return prepare(text, connection, err);
}
