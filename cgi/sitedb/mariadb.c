/*
 * MariaDB and MySQL as a kind of site database, by libmariadb, which is loaded at its first use.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/secret.h"
#include "sitedb/library.h"
#include "sitedb/sitedb.h"

static const char *const functions[] = {
    "lower",       "upper",        "substr",       "substring",      "substring_index",
    "concat",      "coalesce",     "ifnull",       "nullif",         "if",
    "length",      "char_length",  "trim",         "replace",        "lpad",
    "hex",         "unhex",        "md5",          "sha1",           "sha2",
    "to_base64",   "from_base64",  "CAST",         "CONVERT",        "min",
    "max",         "count",        "sum",          "unix_timestamp", "now",
    "date_format", "date_add",     "date_sub",     "utc_timestamp",  "from_unixtime",
    "floor",       "json_extract", "json_unquote", "char",           "decimal",
    NULL};
/* Those that compare nothing themselves. */
static const char *const for_params[] = {
    "lower",  "upper",    "substr",    "substring",   "substring_index",
    "concat", "coalesce", "ifnull",    "char_length", "length",
    "trim",   "lpad",     "hex",       "unhex",       "md5",
    "sha1",   "sha2",     "to_base64", "from_base64", "CAST",
    NULL};
/* INTO writes files, also in a read-only session; FOR and LOCK hold rows that the site wants. */
static const char *const words[] = {"INTO", "FOR", "LOCK", "PROCEDURE", NULL};

#define DIALECT                                                                                    \
	{                                                                                          \
		.place = "?", .bytes = {"CAST(CONVERT(", " USING utf8mb4) AS BINARY)"},            \
		.functions = functions, .for_params = for_params, .words = words, .before = "",    \
		.after = "",                                                                       \
	}
#define TABLES "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"

#if __has_include(<mariadb/mysql.h>)
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>

/* clang-format off */
#define CALLS(X) \
	X(mysql_server_init) X(mysql_init) X(mysql_optionsv) X(mysql_real_connect) \
	X(mysql_close) X(mysql_errno) X(mysql_error) X(mysql_real_query) X(mysql_store_result) \
	X(mysql_fetch_row) X(mysql_free_result) X(mariadb_connection) X(mysql_stmt_init) \
	X(mysql_stmt_prepare) X(mysql_stmt_close) X(mysql_stmt_errno) X(mysql_stmt_error) \
	X(mysql_stmt_param_count) X(mysql_stmt_field_count) X(mysql_stmt_result_metadata) \
	X(mysql_fetch_field_direct) X(mysql_stmt_bind_param) X(mysql_stmt_bind_result) \
	X(mysql_stmt_execute) X(mysql_stmt_fetch) X(mysql_stmt_free_result)
/* clang-format on */

static struct {
#define X(name) typeof(name) *name;
	CALLS(X)
#undef X
} lib;

static const struct library_call calls[] = {
#define X(name) {#name, &lib.name},
    CALLS(X)
#undef X
};

static struct library library = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .file = "libmariadb.so.3",
    .package = "libmariadb3",
    .calls = calls,
    .n_calls = sizeof(calls) / sizeof(calls[0]),
};

#define PACKET_MAX   (1024UL * 1024) /* of an answer: no row of ours is longer */
#define ONE_ROW_MORE "2"             /* more than one row is an error, so two are enough */

/*
 * ANSI_QUOTES, PIPES_AS_CONCAT and NO_BACKSLASH_ESCAPES: the server reads names, texts and || as
 * the other databases do, and as tokens.c does.
 */
#define SQL_MODE "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES"
#define SETTINGS                                                                                   \
	"SET SESSION sql_mode='" SQL_MODE "', time_zone='+00:00', sql_select_limit=" ONE_ROW_MORE  \
	", "

struct mariadb {
	MYSQL *mysql;
	struct mariadb_statement *statements; /* owned */
	bool lost;
};

struct mariadb_column {
	char *buffer; /* owned */
	unsigned long size, length;
	my_bool is_null;
	bool usable; /* a text or a whole number */
};

struct mariadb_statement {
	struct mariadb_statement *next;
	struct mariadb *connection; /* borrowed */
	MYSQL_STMT *stmt;
	struct mariadb_column columns[SITE_QUERY_COLUMNS_MAX]; /* in the statement's order */
	MYSQL_BIND results[SITE_QUERY_COLUMNS_MAX];
};

/*
 * libmariadb calls wait_io without an argument of ours, in the thread that called it. So the end of
 * the wait is the thread's.
 */
static _Thread_local int64_t wait_until_ms;

static int wait_io(my_socket handle, my_bool is_read, int timeout)
{
	(void)timeout;
	return sitedb_wait(handle, is_read ? POLLIN : POLLOUT, wait_until_ms) ? 1 : 0;
}

/* ---- failures ---- */

static bool is_lost_code(unsigned code)
{
	return (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR && code != CR_OUT_OF_MEMORY) ||
	       code == ER_SERVER_SHUTDOWN || code == ER_CONNECTION_KILLED;
}

static enum status failed(struct mariadb *connection, unsigned code, const char *said,
			  struct error *err)
{
	connection->lost = is_lost_code(code);
	if (connection->lost && clock_left_ms(wait_until_ms) == 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the server did not answer in time: check that it runs, and what "
				 "it waits for");
	if (code == ER_STATEMENT_TIMEOUT || code == ER_QUERY_INTERRUPTED)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the query took longer than %d ms (%u): check with EXPLAIN that "
				 "it uses an index",
				 SITEDB_STATEMENT_MS, code);
	return error_set(err, STATUS_UNAVAILABLE, "the server said: %s (%u)", said, code);
}

static enum status mysql_failed(struct mariadb *connection, struct error *err)
{
	return failed(connection, lib.mysql_errno(connection->mysql),
		      lib.mysql_error(connection->mysql), err);
}

static enum status stmt_failed(struct mariadb_statement *s, struct error *err)
{
	return failed(s->connection, lib.mysql_stmt_errno(s->stmt), lib.mysql_stmt_error(s->stmt),
		      err);
}

/* ---- open, close ---- */

static void mariadb_close(void *handle)
{
	struct mariadb *connection = handle;

	/* Only a short farewell: the server may be gone. */
	wait_until_ms = clock_monotonic_ms() + 100;
	for (struct mariadb_statement *s = connection->statements, *next; s != NULL; s = next) {
		next = s->next;
		if (s->stmt != NULL)
			lib.mysql_stmt_close(s->stmt);
		for (size_t i = 0; i < SITE_QUERY_COLUMNS_MAX; i++)
			free(s->columns[i].buffer);
		free(s);
	}
	if (connection->mysql != NULL)
		lib.mysql_close(connection->mysql);
	free(connection);
}

/* TLS, with a certificate that is checked, unless the server is on this host. */
static void set_tls(MYSQL *mysql, const struct site_uri *uri)
{
	my_bool on = 1;

	if (uri->local)
		return;
	lib.mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	lib.mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	lib.mysql_optionsv(mysql, MYSQL_OPT_SSL_CA,
			   uri->ca[0] != '\0' ? uri->ca : SITEDB_SYSTEM_CA);
}

static void set_options(MYSQL *mysql, const struct site_uri *uri)
{
	unsigned seconds = SITEDB_ASK_MS / 1000;
	unsigned long packet = PACKET_MAX;
	unsigned protocol = MYSQL_PROTOCOL_TCP, off = 0;

	lib.mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	lib.mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
	lib.mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	/* wait_io has the real limit; without these libmariadb would not call it */
	lib.mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	lib.mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
	lib.mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
	lib.mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, wait_io);
	if (uri->port[0] != '\0' && uri->socket[0] == '\0')
		lib.mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	set_tls(mysql, uri);
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static enum status run(struct mariadb *connection, const char *sql, struct error *err)
{
	if (lib.mysql_real_query(connection->mysql, sql, strlen(sql)) == 0)
		return STATUS_OK;
	return mysql_failed(connection, err);
}

/* Read-only, with a limit on time: MySQL has other names for both. */
static enum status set_session(struct mariadb *connection, struct error *err)
{
	struct strbuf sql;

	strbuf_init(&sql);
	strbuf_adds(&sql, SETTINGS);
	if (lib.mariadb_connection(connection->mysql))
		strbuf_addf(&sql, "tx_read_only=1, max_statement_time=%d.%03d",
			    SITEDB_STATEMENT_MS / 1000, SITEDB_STATEMENT_MS % 1000);
	else
		strbuf_addf(&sql, "transaction_read_only=1, max_execution_time=%d",
			    SITEDB_STATEMENT_MS);
	enum status status =
	    strbuf_ok(&sql) ? run(connection, sql.data, err) : error_no_memory(err);
	strbuf_clear(&sql);
	return status;
}

static enum status connect_to(const struct sitedb_source *source, struct mariadb *connection,
			      const char *password, struct error *err)
{
	const struct site_uri *uri = &source->uri;

	set_options(connection->mysql, uri);
	if (lib.mysql_real_connect(connection->mysql, or_null(uri->host), uri->user, password,
				   uri->name, (unsigned)strtoul(uri->port, NULL, 10),
				   or_null(uri->socket), 0) == NULL)
		return mysql_failed(connection, err);
	return set_session(connection, err);
}

static enum status mariadb_open(const struct sitedb_source *source, int64_t until_ms, void **out,
				struct error *err)
{
	struct mariadb *connection;
	struct strbuf password;
	bool first;
	enum status status = library_load(&library, &first, err);

	if (status != STATUS_OK)
		return status;
	connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return error_no_memory(err);
	wait_until_ms = until_ms;
	strbuf_init_secret(&password);
	connection->mysql = lib.mysql_init(NULL);
	status = connection->mysql != NULL ? sitedb_password(source, &password, err)
					   : error_no_memory(err);
	if (status == STATUS_OK)
		status = conf_blame(connect_to(source, connection, password.data, err), err,
				    conf_site_place(source->site, "site_database"));
	strbuf_clear(&password);
	if (status == STATUS_UNAVAILABLE && clock_left_ms(until_ms) == 0)
		sitedb_server_rest(source->server);
	if (status == STATUS_OK)
		*out = connection;
	else
		mariadb_close(connection);
	return status;
}

static bool mariadb_is_lost(void *handle)
{
	const struct mariadb *connection = handle;

	return connection->lost;
}

/* ---- statements ---- */

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

/* Each value is fetched as a text, into a buffer with one byte more than it may have. */
static enum status columns_bind(struct mariadb_statement *s, const struct site_query_text *text,
				struct error *err)
{
	MYSQL_RES *meta = lib.mysql_stmt_result_metadata(s->stmt);

	if (meta == NULL)
		return stmt_failed(s, err);
	for (size_t i = 0; i < text->spec->n_columns; i++) {
		if (text->columns[i] < 0)
			continue;
		unsigned n = (unsigned)text->columns[i];
		struct mariadb_column *column = &s->columns[n];
		column->usable = is_usable(lib.mysql_fetch_field_direct(meta, n));
		column->size = text->spec->columns[i].max + 1;
		column->buffer = malloc(column->size);
		if (column->buffer == NULL) {
			lib.mysql_free_result(meta);
			return error_no_memory(err);
		}
		s->results[n] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
					     .buffer = column->buffer,
					     .buffer_length = column->size,
					     .length = &column->length,
					     .is_null = &column->is_null};
	}
	lib.mysql_free_result(meta);
	if (lib.mysql_stmt_bind_result(s->stmt, s->results) != 0)
		return stmt_failed(s, err);
	return STATUS_OK;
}

/* The server must see the statement as we do. */
static enum status counts_check(const struct mariadb_statement *s,
				const struct site_query_text *text, struct error *err)
{
	if (lib.mysql_stmt_param_count(s->stmt) == text->n_places &&
	    lib.mysql_stmt_field_count(s->stmt) == text->n_columns)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "the server finds other parameters or columns in it: write one plain "
			 "SELECT");
}

static enum status mariadb_prepare(void *handle, const struct site_query_text *text,
				   int64_t until_ms, void **out, struct error *err)
{
	struct mariadb *connection = handle;
	struct mariadb_statement *s = calloc(1, sizeof(*s));
	enum status status = STATUS_OK;

	if (s == NULL)
		return error_no_memory(err);
	wait_until_ms = until_ms;
	s->connection = connection;
	s->next = connection->statements;
	connection->statements = s;
	s->stmt = lib.mysql_stmt_init(connection->mysql);
	if (s->stmt == NULL)
		return error_no_memory(err);
	if (lib.mysql_stmt_prepare(s->stmt, text->exact, strlen(text->exact)) != 0)
		status = stmt_failed(s, err);
	if (status == STATUS_OK)
		status = counts_check(s, text, err);
	if (status == STATUS_OK)
		status = columns_bind(s, text, err);
	if (status == STATUS_OK)
		*out = s;
	return status;
}

/* ---- asking ---- */

/*
 * True if no row can have such a value: the column's character set has no place for it. Of a query
 * that is at fault in itself, prepare would have failed.
 */
static bool cannot_be_there(const struct mariadb_statement *s)
{
	unsigned code = lib.mysql_stmt_errno(s->stmt);

	return code == ER_CANT_AGGREGATE_2COLLATIONS || code == ER_CANT_AGGREGATE_3COLLATIONS ||
	       code == ER_CANT_AGGREGATE_NCOLLATIONS;
}

/* STATUS_NOT_FOUND: no row can have such a value. */
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
	/* execute copies what it needs, and is called while binds and values are there */
	if (lib.mysql_stmt_bind_param(s->stmt, binds) == 0 && lib.mysql_stmt_execute(s->stmt) == 0)
		return STATUS_OK;
	return cannot_be_there(s) ? STATUS_NOT_FOUND : stmt_failed(s, err);
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

static enum status rows_read(struct mariadb_statement *s, const struct site_query_text *text,
			     struct site_query_row *row, struct error *err)
{
	int rc = lib.mysql_stmt_fetch(s->stmt);

	if (rc == MYSQL_NO_DATA)
		return STATUS_NOT_FOUND;
	if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
		return stmt_failed(s, err);
	enum status status = mariadb_row_read(s, text, row, err);
	if (status != STATUS_OK)
		return status;
	rc = lib.mysql_stmt_fetch(s->stmt);
	if (rc == MYSQL_NO_DATA)
		return STATUS_OK;
	return rc == 0 || rc == MYSQL_DATA_TRUNCATED ? site_query_many_rows(text, err)
						     : stmt_failed(s, err);
}

static enum status mariadb_ask(void *statement, const struct site_query_text *text,
			       const struct sitedb_ask *ask, struct site_query_row *row,
			       struct error *err)
{
	struct mariadb_statement *s = statement;

	wait_until_ms = ask->until_ms;
	enum status status = params_bind(s, text, ask->values, err);
	if (status != STATUS_OK)
		return status;
	status = rows_read(s, text, row, err);
	lib.mysql_stmt_free_result(s->stmt);
	return status;
}

/* ---- for prebindctl check ---- */

static enum status mariadb_each(void *handle, const char *sql, int64_t until_ms,
				void (*each)(void *arg, const char *text), void *arg,
				struct error *err)
{
	struct mariadb *connection = handle;
	MYSQL_RES *result;
	MYSQL_ROW row;

	wait_until_ms = until_ms;
	enum status status = run(connection, "SET SESSION sql_select_limit=DEFAULT", err);
	if (status == STATUS_OK)
		status = run(connection, sql, err);
	if (status != STATUS_OK)
		return status;
	result = lib.mysql_store_result(connection->mysql);
	if (result == NULL)
		return mysql_failed(connection, err);
	while ((row = lib.mysql_fetch_row(result)) != NULL)
		each(arg, row[0] != NULL ? row[0] : "");
	lib.mysql_free_result(result);
	return STATUS_OK;
}

const struct sitedb_kind sitedb_mariadb = {
    .name = "MariaDB",
    .idle_ms = SITEDB_IDLE_MS,
    .dialect = DIALECT,
    .open = mariadb_open,
    .is_lost = mariadb_is_lost,
    .prepare = mariadb_prepare,
    .ask = mariadb_ask,
    .close = mariadb_close,
    .each = mariadb_each,
    .tables = TABLES,
};

#else

const struct sitedb_kind sitedb_mariadb = {
    .name = "MariaDB", .missing = "libmariadb-dev", .dialect = DIALECT};

#endif
