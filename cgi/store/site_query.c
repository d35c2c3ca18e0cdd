/*
 * A query in the site's own database: its file, its connections, and how it is asked.
 * sqlite_foreign.c has the calls of SQLite; site_query_guard.c decides which statement is harmless.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/wait.h"
#include "store/foreign.h"

#define FILE_MAX  8192 /* bytes */
#define IDLE_MAX  8    /* connections kept; others are closed after use */
#define BUDGET_MS 250  /* per query: a page waits for it */

/*
 * Connections that may be lent at a time, so that not every visitor takes one if the site keeps its
 * database locked.
 */
#define CONNECTIONS_MAX    32
#define CONNECTION_WAIT_MS 1000 /* to wait for one: four times as long as the slowest query */

struct site_query {
	struct site_query_text text;
	pthread_mutex_t lock; /* protects the members up to idle_count */
	pthread_cond_t given; /* a connection was returned */
	size_t lent;
	struct site_query_connection *idle[IDLE_MAX];
	size_t idle_count;
	bool returned[SITE_QUERY_COLUMNS_MAX]; /* constant after the open */
};

/* ---- connections ---- */

static void query_connection_free(struct site_query_connection *connection)
{
	if (connection == NULL)
		return;
	statement_free(connection->statement);
	connection_close(connection->db);
	for (size_t i = 0; i < connection->n_tables; i++)
		free(connection->tables[i]);
	free(connection->tables);
	free(connection);
}

/*
 * A user who may write to the database can become any user of the site. The check is by name:
 * closing a descriptor of our own would drop the locks of every connection of this process.
 */
static enum status check_database_file(const struct site_query_spec *spec, struct error *err)
{
	struct conf_place place = conf_site_place(spec->site, "site_database");
	struct stat st;

	if (stat(spec->database, &st) != 0)
		return conf_fault(
		    err, STATUS_UNAVAILABLE, place,
		    "%s: the site's database cannot be found: %m: check the key `site_database`, "
		    "and that the program's user may enter every directory of this path",
		    spec->database);
	if (!S_ISREG(st.st_mode))
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: is not a file: name the SQLite file itself", spec->database);
	if ((st.st_mode & S_IWOTH) != 0)
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: everybody may write to it (mode %04o) and could pose as any "
				  "user; run: chmod o-w '%s'",
				  spec->database, (unsigned)(st.st_mode & 07777), spec->database);
	return STATUS_OK;
}

static enum status query_connection_new(const struct site_query *query,
					struct site_query_connection **out, struct error *err)
{
	struct site_query_connection *connection;
	enum status status = check_database_file(query->text.spec, err);

	if (status != STATUS_OK)
		return status;
	connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return error_no_memory(err);
	status = connection_open_foreign(query->text.spec->database, &connection->db, err);
	if (status == STATUS_OK)
		status = connection_check_foreign(connection->db, err);
	if (status == STATUS_OK)
		status = site_query_prepare(&query->text, connection, err);
	if (status == STATUS_OK)
		*out = connection;
	else
		query_connection_free(connection);
	return status;
}

/* Takes a permit for one connection; *out is an idle connection or NULL. */
static enum status permit_take(struct site_query *query, struct site_query_connection **out,
			       struct error *err)
{
	int64_t until_ms = clock_monotonic_ms() + CONNECTION_WAIT_MS;
	enum status status = STATUS_OK;
	int rc = 0;

	pthread_mutex_lock(&query->lock);
	while (query->lent == CONNECTIONS_MAX && rc == 0)
		rc = wait_on(&query->given, &query->lock, until_ms);
	if (query->lent < CONNECTIONS_MAX) {
		query->lent++;
		*out = query->idle_count > 0 ? query->idle[--query->idle_count] : NULL;
	} else if (rc == EBUSY) {
		status = wait_refused(err);
	} else {
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: %d queries were under way for %d ms: check whether the "
				   "site's writes lock its database for so long",
				   query->text.spec->database, CONNECTIONS_MAX, CONNECTION_WAIT_MS);
	}
	pthread_mutex_unlock(&query->lock);
	return status;
}

static void permit_give(struct site_query *query)
{
	pthread_mutex_lock(&query->lock);
	query->lent--;
	pthread_cond_signal(&query->given);
	pthread_mutex_unlock(&query->lock);
}

/*
 * Takes an idle connection if its path still leads to the same file, because sites are restored and
 * moved. Otherwise opens one.
 */
static enum status query_connection_borrow(struct site_query *query,
					   struct site_query_connection **out, struct error *err)
{
	struct site_query_connection *connection = NULL;
	enum status status = permit_take(query, &connection, err);

	if (status != STATUS_OK)
		return status;
	if (connection != NULL && !connection_current(connection->db)) {
		query_connection_free(connection);
		connection = NULL;
	}
	if (connection == NULL)
		status = query_connection_new(query, &connection, err);
	if (status == STATUS_OK)
		*out = connection;
	else
		permit_give(query);
	return status;
}

/* A connection that failed is closed. The next one is opened on the file that is there then. */
static void query_connection_return(struct site_query *query,
				    struct site_query_connection *connection, bool keep)
{
	pthread_mutex_lock(&query->lock);
	keep = keep && query->idle_count < IDLE_MAX;
	if (keep)
		query->idle[query->idle_count++] = connection;
	pthread_mutex_unlock(&query->lock);
	if (!keep)
		query_connection_free(connection);
	permit_give(query);
}

/* ---- open, close ---- */

static enum status file_refuse(const struct site_query_spec *spec, enum file_fault fault,
			       const struct file_found *found, struct error *err)
{
	struct conf_place place = conf_site_place(spec->site, spec->key);

	switch (fault) {
	case FILE_NOT_REGULAR:
		return conf_fault(err, STATUS_BAD_REQUEST, place, "%s: is not a file", spec->file);
	case FILE_WRITABLE:
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: others may write to it (mode %04o); run: chmod go-w '%s'",
				  spec->file, found->mode, spec->file);
	case FILE_TOO_LONG:
		return conf_fault(err, STATUS_BAD_REQUEST, place, "%s: is longer than %d bytes",
				  spec->file, FILE_MAX);
	case FILE_NO_MEMORY:
		return error_no_memory(err);
	default:
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: cannot be read: %s: name a file of your own, or one from "
				  "sql/sites (key `%s`)",
				  spec->file, strerrordesc_np(found->cause), spec->key);
	}
}

static enum status read_file(const struct site_query_spec *spec, char **out, struct error *err)
{
	struct strbuf text;
	struct file_found found;
	enum status status = STATUS_OK;

	strbuf_init(&text);
	enum file_fault fault = file_read(spec->file, FILE_BY_OWNER, FILE_MAX, &text, &found);
	if (fault != FILE_OK)
		status = file_refuse(spec, fault, &found, err);
	else if (memchr(text.data, '\0', text.len) != NULL)
		status = conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(spec->site, spec->key),
				    "%s: holds a NUL byte; it must be text", spec->file);
	else
		*out = strbuf_take(&text);
	strbuf_clear(&text);
	return status;
}

void site_query_close(struct site_query *query)
{
	if (query == NULL)
		return;
	for (size_t i = 0; i < query->idle_count; i++)
		query_connection_free(query->idle[i]);
	pthread_cond_destroy(&query->given);
	pthread_mutex_destroy(&query->lock);
	free(query->text.sql);
	free(query);
}

enum status site_query_open(const struct site_query_spec *spec, struct site_query **out,
			    struct error *err)
{
	struct site_query_connection *connection;
	struct site_query *query = calloc(1, sizeof(*query));

	if (query == NULL)
		return error_no_memory(err);
	query->text.spec = spec;
	pthread_mutex_init(&query->lock, NULL);
	pthread_cond_init(&query->given, NULL);
	enum status status = read_file(spec, &query->text.sql, err);
	if (status == STATUS_OK)
		status = query_connection_borrow(query, &connection, err);
	if (status == STATUS_OK) {
		for (size_t i = 0; i < spec->n_columns; i++)
			query->returned[i] = connection->columns[i] >= 0;
		query_connection_return(query, connection, true);
		*out = query;
	} else {
		site_query_close(query);
	}
	return status;
}

bool site_query_returns(const struct site_query *query, size_t column)
{
	return query->returned[column];
}

/* ---- asking ---- */

void site_query_row_clear(struct site_query_row *row)
{
	for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
		free(row->values[i]);
	*row = (struct site_query_row){0};
}

static enum status bad_value(const struct site_query_spec *spec, size_t i, const char *why,
			     struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "%s: the column %s of the row that was found %s",
			 spec->file, spec->columns[i].name, why);
}

/* SQLite stores a type per value, not per column, so each value is checked. */
static enum status read_value(const struct site_query_spec *spec,
			      const struct site_query_connection *connection, size_t i, char **out,
			      struct error *err)
{
	struct statement *s = connection->statement;
	enum value_kind kind = statement_value_kind(s, connection->columns[i]);
	struct error why;
	char *text = NULL;

	if (kind == VALUE_NULL)
		return STATUS_OK;
	if (kind == VALUE_OTHER)
		return bad_value(spec, i, "is neither text nor a whole number", err);
	if (statement_value_length(s, connection->columns[i]) > spec->columns[i].max)
		return bad_value(spec, i, "is too long", err);
	enum status status = statement_text_dup(s, connection->columns[i], &text, &why);
	if (status == STATUS_UNAVAILABLE)
		return bad_value(spec, i, "has a NUL in it", err);
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	if (!utf8_valid(text, strlen(text))) {
		free(text);
		return bad_value(spec, i, "is not UTF-8", err);
	}
	*out = text;
	return STATUS_OK;
}

static enum status read_row(const struct site_query_spec *spec,
			    const struct site_query_connection *connection,
			    struct site_query_row *row, struct error *err)
{
	struct error why;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < spec->n_columns && status == STATUS_OK; i++)
		if (connection->columns[i] >= 0)
			status = read_value(spec, connection, i, &row->values[i], err);
	if (status != STATUS_OK)
		return status;
	status = statement_row(connection->statement, &why);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK; /* as expected, there is only one row */
	if (status == STATUS_OK)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "%s: found more than one row, but must find one user; check its joins",
		    spec->file);
	return error_set(err, status, "%s", why.text);
}

static void bind(const struct site_query_spec *spec, const struct site_query_connection *connection,
		 const struct site_query_value *values)
{
	for (size_t i = 0; spec->asked[i] != NULL; i++) {
		if (connection->params[i] == 0)
			continue;
		if (values[i].text != NULL)
			statement_bind_text(connection->statement, connection->params[i],
					    values[i].text);
		else
			statement_bind_integer(connection->statement, connection->params[i],
					       values[i].number);
	}
}

enum status site_query_ask(struct site_query *query, const struct site_query_value *values,
			   struct site_query_row *out, struct error *err)
{
	struct site_query_row row = {0};
	struct site_query_connection *connection;
	struct error why = {0};

	enum status status = query_connection_borrow(query, &connection, &why);
	/*
	 * Reports that the query no longer fits: the connection was opened again, and the site's
	 * tables have changed since the start.
	 */
	if (status != STATUS_OK)
		return error_set(err, status == STATUS_BAD_REQUEST ? STATUS_UNAVAILABLE : status,
				 "%s", why.text);
	connection_budget(connection->db, BUDGET_MS);
	bind(query->text.spec, connection, values);
	status = statement_row(connection->statement, err);
	if (status == STATUS_OK)
		status = read_row(query->text.spec, connection, &row, err);
	statement_reset(connection->statement); /* an open SELECT would block the site's writers */
	connection_budget(connection->db, 0);
	query_connection_return(query, connection,
				status != STATUS_UNAVAILABLE && status != STATUS_INTERNAL);
	if (status == STATUS_OK)
		*out = row;
	else
		site_query_row_clear(&row);
	return status;
}
