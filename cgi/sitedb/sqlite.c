/*
 * SQLite as a kind of site database. store/foreign.h wraps SQLite's functions; sqlite_guard.c
 * decides which statements are harmless.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sitedb/sqlite.h"

#define BUDGET_MS 250  /* time limit for a query, short because a page waits for it */
#define SEARCH_MS 1000 /* for a search, which can read a whole table; no page waits for it */
#define CHECK_MS  1000 /* for the queries of `prebindctl check`; only the operator waits for them */

/*
 * Checks who can write to the database, because a system user who can write to it can become any
 * user of the site. The file is checked by name. A check of a descriptor would require closing the
 * descriptor, and this drops the locks of every connection of this process.
 */
static enum status check_database_file(const struct sitedb_source *source, struct error *err)
{
	struct conf_place place = conf_site_place(source->site, "site_database");
	struct stat st;

	if (stat(source->database, &st) != 0)
		return conf_fault(
		    err, STATUS_UNAVAILABLE, place,
		    "%s: the site's database was not found: %m. Check the key `site_database`, and "
		    "check that prebind's user can enter every directory of this path",
		    source->database);
	if (!S_ISREG(st.st_mode))
		return conf_fault(
		    err, STATUS_BAD_REQUEST, place,
		    "%s: is not a file; set site_database to the path of the SQLite file",
		    source->database);
	if ((st.st_mode & S_IWOTH) != 0)
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: every user of this machine can change this file (mode %04o) "
				  "and could log in as any user; run: chmod o-w '%s'",
				  source->database, (unsigned)(st.st_mode & 07777),
				  source->database);
	return STATUS_OK;
}

static void sqlite_site_close(void *connection)
{
	struct sqlite_site *site = connection;

	for (struct sqlite_query *query = site->queries, *next; query != NULL; query = next) {
		next = query->next;
		statement_free(query->statement);
		free(query);
	}
	connection_close(site->db);
	for (size_t i = 0; i < site->n_tables; i++)
		free(site->tables[i]);
	free(site->tables);
	free(site);
}

static enum status sqlite_site_open(const struct sitedb_source *source, int64_t until_ms,
				    void **out, struct error *err)
{
	struct sqlite_site *site;
	enum status status = check_database_file(source, err);

	(void)until_ms;
	if (status != STATUS_OK)
		return status;
	site = calloc(1, sizeof(*site));
	if (site == NULL)
		return error_no_memory(err);
	status = connection_open_foreign(source->database, &site->db, err);
	if (status == STATUS_OK)
		status = connection_check_foreign(site->db, err);
	if (status == STATUS_OK)
		*out = site;
	else
		sqlite_site_close(site);
	return status;
}

/*
 * Returns false if the path leads to a different file now, for instance after the site was restored
 * or moved.
 */
static bool sqlite_site_is_current(void *connection)
{
	const struct sqlite_site *site = connection;

	return connection_current(site->db);
}

static enum status sqlite_site_prepare(void *connection, const struct site_query_text *text,
				       int64_t until_ms, void **out, struct error *err)
{
	struct sqlite_site *site = connection;
	struct sqlite_query *query = calloc(1, sizeof(*query));

	(void)until_ms;
	if (query == NULL)
		return error_no_memory(err);
	query->site = site;
	query->next = site->queries;
	site->queries = query;
	enum status status =
	    /* the guard is set at the first query */
	    query->next == NULL ? sqlite_guard_set(site, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = sqlite_guard_prepare(text, query, err);
	if (status == STATUS_OK)
		*out = query;
	return status;
}

static bool sqlite_site_returns(const void *statement, size_t column)
{
	const struct sqlite_query *query = statement;

	return query->columns[column] >= 0;
}

/* ---- asking ---- */

/* Reads and checks each value, because SQLite stores a type per value, not per column. */
static enum status read_value(const struct site_query_text *text, const struct sqlite_query *query,
			      size_t i, char **out, struct error *err)
{
	struct statement *s = query->statement;
	enum value_kind kind = statement_value_kind(s, query->columns[i]);
	struct error why;
	char *value = NULL;

	if (kind == VALUE_NULL)
		return STATUS_OK;
	if (kind == VALUE_OTHER)
		return site_query_bad_value(text, i, "is neither text nor a whole number", err);
	if (statement_value_length(s, query->columns[i]) > text->spec->columns[i].max)
		return site_query_bad_value(text, i, "is too long", err);
	enum status status = statement_text_dup(s, query->columns[i], &value, &why);
	if (status == STATUS_UNAVAILABLE)
		return site_query_bad_value(text, i, "contains a NUL byte", err);
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	status = site_query_value_dup(text, i, value, strlen(value), out, err);
	free(value);
	return status;
}

static enum status read_row(const struct site_query_text *text, const struct sqlite_query *query,
			    struct site_query_row *row, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < text->spec->n_columns && status == STATUS_OK; i++)
		if (query->columns[i] >= 0)
			status = read_value(text, query, i, &row->values[i], err);
	return status;
}

/* Reads the rows. The caller has already stepped to the first row. */
static enum status read_rows(const struct site_query_text *text, const struct sqlite_query *query,
			     struct sitedb_rows *rows, struct error *err)
{
	struct error why;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && rows->count < rows->max) {
		status = read_row(text, query, &rows->items[rows->count], err);
		status = sitedb_row_end(text, rows, status);
		if (status != STATUS_OK)
			return status;
		status = statement_row(query->statement, &why);
	}
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* no more rows */
	if (status == STATUS_OK)
		return text->spec->many ? STATUS_OK : site_query_many_rows(text, err);
	return error_set(err, status, "%s", why.text);
}

static void bind(const struct site_query_spec *spec, const struct sqlite_query *query,
		 const struct site_query_value *values)
{
	for (size_t i = 0; spec->asked[i] != NULL; i++) {
		if (query->params[i] == 0)
			continue;
		if (values[i].text != NULL)
			statement_bind_text(query->statement, query->params[i], values[i].text);
		else
			statement_bind_integer(query->statement, query->params[i],
					       values[i].number);
	}
}

static enum status sqlite_site_ask(void *statement, const struct site_query_text *text,
				   const struct sitedb_ask *ask, struct sitedb_rows *rows,
				   struct error *err)
{
	struct sqlite_query *query = statement;

	connection_budget(query->site->db, text->spec->many ? SEARCH_MS : BUDGET_MS);
	bind(text->spec, query, ask->values);
	enum status status = statement_row(query->statement, err);
	if (status == STATUS_OK)
		status = read_rows(text, query, rows, err);
	statement_reset(query->statement); /* a SELECT left open would block the site's writes */
	connection_budget(query->site->db, 0);
	return status;
}

/*
 * Runs sql on a connection without a guard, so sql must be made by prebind. The guard is set only
 * when the first query is prepared.
 */
static enum status sqlite_site_each(void *connection, const char *sql, int64_t until_ms,
				    void (*each)(void *arg, const char *text), void *arg,
				    struct error *err)
{
	const struct sqlite_site *site = connection;

	(void)until_ms;
	connection_budget(site->db, CHECK_MS);
	enum status status = connection_each(site->db, sql, each, arg, err);
	connection_budget(site->db, 0);
	return status;
}

/*
 * Functions whose argument can be a string parameter. sqlite_guard.c has the list of all allowed
 * functions.
 */
static const char *const for_params[] = {"lower",  "upper", "fold", "substr", "coalesce", "ifnull",
					 "length", "trim",  "hex",  "CAST",   NULL};

const struct sitedb_kind sitedb_sqlite = {
    .name = "SQLite",
    .is_file = true,
    .idle_max = 8,
    .dialect = {.bytes = {"CAST(", " AS BLOB)"},
		.for_params = for_params,
		.before = "",
		.after = ""},
    .open = sqlite_site_open,
    .is_current = sqlite_site_is_current,
    .prepare = sqlite_site_prepare,
    .returns = sqlite_site_returns,
    .ask = sqlite_site_ask,
    .close = sqlite_site_close,
    .each = sqlite_site_each,
    .tables = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
};
