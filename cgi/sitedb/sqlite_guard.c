/*
 * Checks that a statement for the site's SQLite database is harmless, and has the expected
 * parameters and columns. Errors name the place in the query file.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sitedb/sqlite.h"

/*
 * The allowed functions. They are pure and cheap, and suffice to select and compare names and
 * times. All other functions are denied, because some of them read files or load code.
 */
static const char *const functions[] = {
    "lower",     "upper", "substr", "coalesce", "ifnull", "length", "trim", "strftime",
    "unixepoch", "hex",   "min",    "max",      "count",  "fold",   "like" /* the operator LIKE */};

/* ---- the guard ---- */

static bool is_function(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcasecmp(functions[i], name) == 0)
			return true;
	return false;
}

static bool is_table(const struct sqlite_site *site, const char *name)
{
	for (size_t i = 0; i < site->n_tables; i++)
		if (strcasecmp(site->tables[i], name) == 0)
			return true;
	return false;
}

static bool allows(void *arg, enum guarded what, const char *name)
{
	struct sqlite_site *site = arg;
	bool allowed = what == GUARDED_SELECT;

	if (what == GUARDED_READ)
		allowed = name != NULL && is_table(site, name);
	else if (what == GUARDED_FUNCTION)
		allowed = name != NULL && is_function(name);
	if (!allowed && site->denied[0] == '\0') {
		site->denied_what = what;
		snprintf(site->denied, sizeof(site->denied), "%s",
			 name != NULL && name[0] != '\0' ? name : "the query");
	}
	return allowed;
}

static void add_table(void *arg, const char *name)
{
	struct sqlite_site *site = arg;
	char **tables = reallocarray(site->tables, site->n_tables + 1, sizeof(*tables));
	char *copy = strdup(name);

	if (tables != NULL)
		site->tables = tables;
	if (tables != NULL && copy != NULL)
		site->tables[site->n_tables++] = copy;
	else
		site->no_memory = true;
	if (tables == NULL)
		free(copy);
}

/*
 * Reads the names of tables and views, before the guard is set. Skips SQLite's own catalog, and
 * virtual tables, because virtual tables run the code of their modules.
 */
static enum status read_tables(struct sqlite_site *site, struct error *err)
{
	enum status status =
	    connection_each(site->db,
			    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
			    " AND substr(name, 1, 7) <> 'sqlite_'"
			    " AND upper(substr(sql, 1, 14)) <> 'CREATE VIRTUAL'",
			    add_table, site, err);

	return status == STATUS_OK && site->no_memory ? error_no_memory(err) : status;
}

/* ---- place in the file ---- */

/* Returns the offset of the word's first occurrence outside comments, or -1 if there is none. */
static long find_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; *at != '\0';) {
		size_t comment = tokens_comment(at);

		if (comment == 0 && strncasecmp(at, word, len) == 0)
			return at - text;
		at += comment > 0 ? comment : 1;
	}
	return -1;
}

static enum status refuse_denied(const struct site_query_text *text, const struct sqlite_site *site,
				 struct error *err)
{
	static const char *const sentences[] = {
	    [GUARDED_SELECT] = "is not allowed in a query",
	    [GUARDED_READ] = "cannot be read because it is not a table or view of the site",
	    [GUARDED_FUNCTION] = "is not an allowed function; use only: lower upper substr "
				 "coalesce ifnull length trim strftime unixepoch hex min max count",
	    [GUARDED_OTHER] = "does more than read data; write one SELECT",
	};
	struct error why;

	error_set(&why, STATUS_BAD_REQUEST, "'%s' %s", site->denied, sentences[site->denied_what]);
	return site_query_refuse(text, find_word(text->sql, site->denied), why.text, err);
}

/* ---- parameters and columns ---- */

static enum status check_tail(const struct site_query_text *text, long end, struct error *err)
{
	const char *rest = text->sql + end;

	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest == '\0')
		return STATUS_OK;
	return site_query_refuse(text, rest - text->sql,
				 "more text follows the first statement; write one SELECT", err);
}

/* Returns the index of the parameter in spec->asked, or -1. */
static int asked_index(const struct site_query_spec *spec, const char *name)
{
	for (int i = 0; spec->asked[i] != NULL; i++)
		if (name != NULL && strcmp(spec->asked[i], name) == 0)
			return i;
	return -1;
}

static enum status check_params(const struct site_query_text *text, struct sqlite_query *query,
				struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	bool used = false;
	struct error why;

	for (int n = 1; n <= statement_param_count(query->statement); n++) {
		const char *name = statement_param_name(query->statement, n);
		int index = asked_index(spec, name);

		if (index < 0) {
			site_query_not_asked(spec, name != NULL ? name : "?", SQLITE_NAME_MAX,
					     &why);
			return site_query_refuse(
			    text, find_word(text->sql, name != NULL ? name : "?"), why.text, err);
		}
		query->params[index] = n;
		used = used || site_query_needs(spec, (size_t)index);
	}
	if (used)
		return STATUS_OK;
	return site_query_refuse_unused(text, err);
}

static int column_index(const struct site_query_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_columns; i++)
		if (strcasecmp(spec->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

static enum status check_columns(const struct site_query_text *text, struct sqlite_query *query,
				 struct error *err)
{
	const struct site_query_spec *spec = text->spec;
	for (int n = 0; n < statement_column_count(query->statement); n++) {
		const char *name = statement_column_name(query->statement, n);
		if (name == NULL)
			return error_no_memory(err);
		int index = column_index(spec, name);

		if (index >= 0 && query->columns[index] < 0) {
			query->columns[index] = n;
			continue;
		}
		return site_query_refuse_column(text, find_word(text->sql, name), name, index < 0,
						err);
	}
	return site_query_check_required(text, query->columns, err);
}

/* Sets an error with SQLite's message, and says how to list the tables. */
static enum status refuse_sql(const struct site_query_text *text, long at, const char *said,
			      struct error *err)
{
	struct error why;

	error_set(&why, STATUS_BAD_REQUEST, "%s; to list the tables, run: sqlite3 %s .schema", said,
		  text->spec->database);
	return site_query_refuse(text, at, why.text, err);
}

/* Prepares a statement from sql and checks it. sql is the text of the file, or text->exact. */
static enum status prepare(const struct site_query_text *text, const char *sql,
			   struct sqlite_query *query, struct error *err)
{
	struct sqlite_site *site = query->site;
	struct error why = {0};
	long end = -1;

	site->denied[0] = '\0';
	enum status status = statement_prepare(site->db, sql, &query->statement, &end, &why);
	if (status == STATUS_BAD_REQUEST && site->denied[0] != '\0')
		return refuse_denied(text, site, err);
	if (status == STATUS_BAD_REQUEST)
		return refuse_sql(text, end, why.text, err);
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	if (sql == text->sql)
		status = check_tail(text, end, err);
	if (status == STATUS_OK && !statement_only_reads(query->statement))
		status = site_query_refuse(
		    text, -1, "this statement does not read data; write one SELECT", err);
	if (status == STATUS_OK)
		status = check_params(text, query, err);
	if (status == STATUS_OK)
		status = check_columns(text, query, err);
	return status;
}

/*
 * Only text->exact is ever run. If SQLite refuses text->exact, this function also prepares the text
 * of the file, because SQLite's error then has the right place in the file.
 */
enum status sqlite_guard_prepare(const struct site_query_text *text, struct sqlite_query *query,
				 struct error *err)
{
	struct error why = text->refused;
	enum status status = STATUS_BAD_REQUEST;

	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		query->columns[i] = -1;
	if (text->exact != NULL)
		status = prepare(text, text->exact, query, &why);
	if (status != STATUS_BAD_REQUEST)
		return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
	statement_free(query->statement);
	query->statement = NULL;
	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		query->columns[i] = -1;
	status = prepare(text, text->sql, query, err);
	return status == STATUS_OK ? error_set(err, STATUS_BAD_REQUEST, "%s", why.text) : status;
}

enum status sqlite_guard_set(struct sqlite_site *site, struct error *err)
{
	const struct guard guard = {.allows = allows, .arg = site};
	enum status status = read_tables(site, err);

	if (status == STATUS_OK)
		connection_guard(site->db, &guard);
	return status;
}
