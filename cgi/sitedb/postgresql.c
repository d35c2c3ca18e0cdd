/*
 * PostgreSQL as a kind of site database, by libpq, which is loaded at its first use. All calls are
 * those that do not wait; sitedb_wait waits.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/secret.h"
#include "sitedb/library.h"
#include "sitedb/sitedb.h"

static const char *const functions[] = {"lower",
					"upper",
					"substr",
					"substring",
					"split_part",
					"concat",
					"coalesce",
					"nullif",
					"length",
					"char_length",
					"trim",
					"btrim",
					"replace",
					"lpad",
					"encode",
					"decode",
					"convert_to",
					"convert_from",
					"md5",
					"sha224",
					"sha256",
					"sha384",
					"sha512",
					"CAST",
					"min",
					"max",
					"count",
					"sum",
					"now",
					"extract",
					"date_part",
					"to_timestamp",
					"to_char",
					"date_trunc",
					"floor",
					"chr",
					"json_extract_path_text",
					"jsonb_extract_path_text",
					"varchar",
					"char",
					"numeric",
					NULL};
/* Those that compare nothing themselves. */
static const char *const for_params[] = {
    "lower", "upper",  "substr", "substring",  "split_part",   "concat", "coalesce", "char_length",
    "trim",  "btrim",  "lpad",   "encode",     "decode",       "length", "md5",      "sha224",
    "CAST",  "sha256", "sha384", "convert_to", "convert_from", "sha512", NULL};
/* INTO makes a table; FOR holds rows that the site wants. */
static const char *const words[] = {"INTO", "FOR", "LOCK", NULL};

/* More than one row is an error, so two are enough. */
#define DIALECT                                                                                    \
	{                                                                                          \
		.place = "$", .numbered = true, .bytes = {"CAST(", " AS text) COLLATE \"C\""},     \
		.functions = functions, .for_params = for_params, .words = words,                  \
		.before = "SELECT * FROM (", .after = ") AS prebind LIMIT 2",                      \
	}
#define TABLES                                                                                     \
	"SELECT table_name FROM information_schema.tables"                                         \
	" WHERE table_schema = ANY (current_schemas(false))"

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#endif

#ifdef LIBPQ_FE_H

/* clang-format off */
#define CALLS(X) \
	X(PQconnectStartParams) X(PQconnectPoll) X(PQfinish) X(PQstatus) X(PQsocket) \
	X(PQerrorMessage) X(PQsetnonblocking) X(PQsendQuery) X(PQsendPrepare) \
	X(PQsendDescribePrepared) X(PQsendQueryPrepared) X(PQflush) X(PQconsumeInput) \
	X(PQisBusy) X(PQgetResult) X(PQresultStatus) X(PQresultErrorField) X(PQclear) \
	X(PQntuples) X(PQnfields) X(PQftype) X(PQnparams) X(PQparamtype) X(PQgetisnull) \
	X(PQgetvalue) X(PQgetlength)
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
    .file = "libpq.so.5",
    .package = "libpq5",
    .calls = calls,
    .n_calls = sizeof(calls) / sizeof(calls[0]),
};

/* Types of pg_type.dat; these numbers never change. */
enum {
	TYPE_BOOL = 16,
	TYPE_NAME = 19,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_OID = 26,
	TYPE_CHAR_N = 1042,
	TYPE_VARCHAR = 1043,
	TYPE_DATE = 1082,
	TYPE_TIMESTAMP = 1114,
	TYPE_TIMESTAMPTZ = 1184,
	TYPE_FIRST_OWN = 16384 /* citext and others that the site made: as texts */
};

struct postgresql {
	PGconn *conn;
	struct postgresql_statement *statements; /* owned */
	unsigned n_statements;
	bool lost;
	int64_t until_ms; /* the end of the call that is under way */
};

struct postgresql_statement {
	struct postgresql_statement *next;
	struct postgresql *connection; /* borrowed */
	char name[16];
	Oid params[SELECT_PLACES_MAX];
	Oid columns[SITE_QUERY_COLUMNS_MAX]; /* in the statement's order */
};

/* ---- failures ---- */

/* libpq's sentences end with a newline; some have several lines. */
static int line_length(const char *text)
{
	return (int)strcspn(text, "\n");
}

static enum status connection_failed(struct postgresql *connection, struct error *err)
{
	const char *said = lib.PQerrorMessage(connection->conn);

	connection->lost = true;
	if (clock_left_ms(connection->until_ms) == 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the server did not answer in time: check that it runs, and what "
				 "it waits for");
	return error_set(err, STATUS_UNAVAILABLE, "the server said: %.*s", line_length(said), said);
}

/*
 * 22P05: the database has no place for a character of what is asked, so it has no such row. 22021:
 * a value of the row is not UTF-8; what is asked always is. 57P0x: the server ends.
 */
static enum status result_failed(struct postgresql *connection, const PGresult *result,
				 struct error *err)
{
	const char *code = lib.PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *said = lib.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (code == NULL || said == NULL || lib.PQstatus(connection->conn) != CONNECTION_OK)
		return connection_failed(connection, err);
	if (strcmp(code, "22P05") == 0)
		return STATUS_NOT_FOUND;
	if (strcmp(code, "22021") == 0)
		return error_set(err, STATUS_BAD_REQUEST, "the row that was found: %s (%s)", said,
				 code);
	connection->lost = strncmp(code, "57P0", 4) == 0;
	if (strcmp(code, "57014") == 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the query took longer than %d ms (57014): check with EXPLAIN "
				 "that it uses an index",
				 SITEDB_STATEMENT_MS);
	return error_set(err, STATUS_UNAVAILABLE, "the server said: %s (%s)", said, code);
}

/* ---- one call, without waiting inside libpq ---- */

static bool send_all(struct postgresql *connection)
{
	int rc;

	while ((rc = lib.PQflush(connection->conn)) == 1) {
		if (!sitedb_wait(lib.PQsocket(connection->conn), POLLIN | POLLOUT,
				 connection->until_ms) ||
		    lib.PQconsumeInput(connection->conn) == 0)
			return false;
	}
	return rc == 0;
}

/* The next result; NULL: there is no more, or the connection is lost. The caller clears it. */
static enum status next_result(struct postgresql *connection, PGresult **out, struct error *err)
{
	while (lib.PQisBusy(connection->conn) != 0)
		if (!sitedb_wait(lib.PQsocket(connection->conn), POLLIN, connection->until_ms) ||
		    lib.PQconsumeInput(connection->conn) == 0)
			return connection_failed(connection, err);
	*out = lib.PQgetResult(connection->conn);
	return STATUS_OK;
}

/*
 * The last result of what was sent; `sent` is what the sending function returned. The caller clears
 * *out, which is set only if nothing failed.
 */
static enum status finish(struct postgresql *connection, int sent, PGresult **out,
			  struct error *err)
{
	PGresult *last = NULL, *result = NULL;
	enum status status = STATUS_OK;

	if (sent != 1 || !send_all(connection))
		return connection_failed(connection, err);
	for (;;) {
		status = next_result(connection, &result, err);
		if (status != STATUS_OK || result == NULL)
			break;
		lib.PQclear(last);
		last = result;
	}
	if (status == STATUS_OK && last == NULL)
		status = connection_failed(connection, err);
	else if (status == STATUS_OK && lib.PQresultStatus(last) != PGRES_COMMAND_OK &&
		 lib.PQresultStatus(last) != PGRES_TUPLES_OK)
		status = result_failed(connection, last, err);
	if (status == STATUS_OK)
		*out = last;
	else
		lib.PQclear(last);
	return status;
}

/* ---- open, close ---- */

static void postgresql_close(void *handle)
{
	struct postgresql *connection = handle;

	for (struct postgresql_statement *s = connection->statements, *next; s != NULL; s = next) {
		next = s->next;
		free(s);
	}
	if (connection->conn != NULL)
		lib.PQfinish(connection->conn);
	free(connection);
}

static enum status connect_wait(struct postgresql *connection, struct error *err)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		int fd = lib.PQsocket(connection->conn);
		short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (fd < 0 || !sitedb_wait(fd, events, connection->until_ms))
			break;
		state = lib.PQconnectPoll(connection->conn);
	}
	return state == PGRES_POLLING_OK ? STATUS_OK : connection_failed(connection, err);
}

/* Read-only, with a limit on time, and with the forms of texts and times that we read. */
static enum status set_session(struct postgresql *connection, struct error *err)
{
	char sql[400];
	PGresult *result = NULL;

	snprintf(sql, sizeof(sql),
		 "SET default_transaction_read_only = on; SET statement_timeout = %d;"
		 "SET lock_timeout = %d; SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
		 "SET standard_conforming_strings = on; SET client_min_messages = error",
		 SITEDB_STATEMENT_MS, SITEDB_STATEMENT_MS);
	enum status status =
	    finish(connection, lib.PQsendQuery(connection->conn, sql), &result, err);
	lib.PQclear(result);
	return status;
}

/* TLS, with a certificate that is checked, unless the server is on this host. */
static enum status connect_to(const struct sitedb_source *source, struct postgresql *connection,
			      const char *password, struct error *err)
{
	const struct site_uri *uri = &source->uri;
	const char *ca = uri->ca[0] != '\0' ? uri->ca : SITEDB_SYSTEM_CA;
	const char *const names[] = {"host",        "port",
				     "user",        "dbname",
				     "password",    "sslmode",
				     "passfile",    "client_encoding",
				     "gssencmode",  "application_name",
				     "sslrootcert", NULL};
	const char *const values[] = {uri->socket[0] != '\0' ? uri->socket : uri->host,
				      uri->port,
				      uri->user,
				      uri->name,
				      password,
				      uri->local ? "prefer" : "verify-full",
				      "/dev/null",
				      "UTF8",
				      "disable",
				      "prebind",
				      uri->local && uri->ca[0] == '\0' ? "" : ca,
				      NULL};

	connection->conn = lib.PQconnectStartParams(names, values, 0);
	if (connection->conn == NULL)
		return error_no_memory(err);
	if (lib.PQstatus(connection->conn) == CONNECTION_BAD)
		return connection_failed(connection, err);
	enum status status = connect_wait(connection, err);
	if (status == STATUS_OK && lib.PQsetnonblocking(connection->conn, 1) != 0)
		status = connection_failed(connection, err);
	return status == STATUS_OK ? set_session(connection, err) : status;
}

static enum status postgresql_open(const struct sitedb_source *source, int64_t until_ms, void **out,
				   struct error *err)
{
	struct postgresql *connection;
	struct strbuf password;
	bool first;
	enum status status = library_load(&library, &first, err);

	if (status != STATUS_OK)
		return status;
	connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return error_no_memory(err);
	connection->until_ms = until_ms;
	strbuf_init_secret(&password);
	status = sitedb_password(source, &password, err);
	if (status == STATUS_OK)
		status = conf_blame(connect_to(source, connection, password.data, err), err,
				    conf_site_place(source->site, "site_database"));
	strbuf_clear(&password);
	if (status == STATUS_UNAVAILABLE && clock_left_ms(until_ms) == 0)
		sitedb_server_rest(source->server);
	if (status == STATUS_OK)
		*out = connection;
	else
		postgresql_close(connection);
	return status;
}

static bool postgresql_is_lost(void *handle)
{
	const struct postgresql *connection = handle;

	return connection->lost;
}

/* ---- statements ---- */

static bool is_text_type(Oid type)
{
	return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_CHAR_N ||
	       type == TYPE_NAME || type >= TYPE_FIRST_OWN;
}

static bool is_whole_type(Oid type)
{
	return type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2;
}

/* A parameter of another type would be converted before it is compared. */
static enum status params_check(struct postgresql_statement *s, const struct site_query_text *text,
				const PGresult *described, struct error *err)
{
	for (size_t i = 0; i < text->n_places; i++) {
		Oid type = lib.PQparamtype(described, (int)i);
		s->params[i] = type;
		if (!is_text_type(type) && !is_whole_type(type))
			return error_set(err, STATUS_BAD_REQUEST,
					 "%s is compared with a column that holds neither text nor "
					 "whole numbers: write CAST(column AS text)",
					 text->spec->asked[text->places[i]]);
	}
	return STATUS_OK;
}

static enum status describe(struct postgresql_statement *s, const struct site_query_text *text,
			    struct error *err)
{
	PGresult *described = NULL;
	enum status status =
	    finish(s->connection, lib.PQsendDescribePrepared(s->connection->conn, s->name),
		   &described, err);

	if (status != STATUS_OK)
		return status;
	if (lib.PQnparams(described) != (int)text->n_places ||
	    lib.PQnfields(described) != (int)text->n_columns)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "the server finds other parameters or columns in it: write one "
				   "plain SELECT");
	else
		status = params_check(s, text, described, err);
	for (size_t i = 0; i < text->n_columns && status == STATUS_OK; i++)
		s->columns[i] = lib.PQftype(described, (int)i);
	lib.PQclear(described);
	return status;
}

/*
 * Numbers have their type from the start, so that `:now - 60` is one. The server finds the types of
 * texts.
 */
static enum status send_prepare(struct postgresql_statement *s, const struct site_query_text *text,
				struct error *err)
{
	Oid types[SELECT_PLACES_MAX] = {0};
	PGresult *result = NULL;

	for (size_t i = 0; i < text->n_places; i++)
		if (!select_is_text(text->spec->asked[text->places[i]]))
			types[i] = TYPE_INT8;
	enum status status = finish(s->connection,
				    lib.PQsendPrepare(s->connection->conn, s->name, text->exact,
						      (int)text->n_places, types),
				    &result, err);
	lib.PQclear(result);
	return status;
}

static enum status postgresql_prepare(void *handle, const struct site_query_text *text,
				      int64_t until_ms, void **out, struct error *err)
{
	struct postgresql *connection = handle;
	struct postgresql_statement *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_no_memory(err);
	connection->until_ms = until_ms;
	s->connection = connection;
	s->next = connection->statements;
	connection->statements = s;
	snprintf(s->name, sizeof(s->name), "q%u", connection->n_statements++);
	enum status status = send_prepare(s, text, err);
	if (status == STATUS_OK)
		status = describe(s, text, err);
	if (status == STATUS_OK)
		*out = s;
	return status;
}

/* ---- asking ---- */

/*
 * A whole number as the server would write it: 17, but not 017 or +17. Others cannot be in the
 * column, and the server would refuse them.
 */
static bool is_whole(const char *text, Oid type)
{
	size_t most = type == TYPE_INT8 ? 18 : type == TYPE_INT4 ? 9 : 4;
	const char *digits = text[0] == '-' ? text + 1 : text;
	size_t len = strspn(digits, "0123456789");

	return digits[len] == '\0' && len > 0 && len <= most && (digits[0] != '0' || len == 1);
}

static bool may_be_there(const struct postgresql_statement *s, size_t place, const char *text)
{
	return utf8_valid(text, strlen(text)) &&
	       (!is_whole_type(s->params[place]) || is_whole(text, s->params[place]));
}

#define NUMBER_MAX 24 /* bytes of a 64-bit number as text, with its NUL */

/* STATUS_NOT_FOUND: no row can have such a value. */
static enum status send_query(struct postgresql_statement *s, const struct site_query_text *text,
			      const struct sitedb_ask *ask, PGresult **out, struct error *err)
{
	const char *values[SELECT_PLACES_MAX] = {0};
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
	return finish(s->connection,
		      lib.PQsendQueryPrepared(s->connection->conn, s->name, (int)text->n_places,
					      values, NULL, NULL, 0),
		      out, err);
}

/* Whether a value of the type is a text or a whole number, and its text. *len is set. */
static const char *column_text(const PGresult *result, int column, Oid type, size_t *len)
{
	const char *value = lib.PQgetvalue(result, 0, column);

	*len = (size_t)lib.PQgetlength(result, 0, column);
	if (type == TYPE_BOOL) {
		*len = 1;
		return value[0] == 't' ? "1" : "0";
	}
	while (type == TYPE_CHAR_N && *len > 0 && value[*len - 1] == ' ')
		--*len; /* the column's padding */
	bool known = is_text_type(type) || is_whole_type(type) || type == TYPE_OID ||
		     type == TYPE_DATE || type == TYPE_TIMESTAMP || type == TYPE_TIMESTAMPTZ;
	return known || is_whole(value, TYPE_INT8) ? value : NULL;
}

static enum status postgresql_row_read(const struct postgresql_statement *s,
				       const struct site_query_text *text, const PGresult *result,
				       struct site_query_row *row, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < text->spec->n_columns && status == STATUS_OK; i++) {
		int n = text->columns[i];
		size_t len;
		if (n < 0 || lib.PQgetisnull(result, 0, n))
			continue;
		const char *value = column_text(result, n, s->columns[n], &len);
		status =
		    value == NULL
			? site_query_bad_value(text, i, "is neither text nor a whole number", err)
			: site_query_value_dup(text, i, value, len, &row->values[i], err);
	}
	return status;
}

static enum status postgresql_ask(void *statement, const struct site_query_text *text,
				  const struct sitedb_ask *ask, struct site_query_row *row,
				  struct error *err)
{
	struct postgresql_statement *s = statement;
	PGresult *result = NULL;

	s->connection->until_ms = ask->until_ms;
	enum status status = send_query(s, text, ask, &result, err);
	if (status != STATUS_OK)
		return status;
	if (lib.PQntuples(result) == 0)
		status = STATUS_NOT_FOUND;
	else if (lib.PQntuples(result) > 1)
		status = site_query_many_rows(text, err);
	else
		status = postgresql_row_read(s, text, result, row, err);
	lib.PQclear(result);
	return status;
}

/* ---- for prebindctl check ---- */

static enum status postgresql_each(void *handle, const char *sql, int64_t until_ms,
				   void (*each)(void *arg, const char *text), void *arg,
				   struct error *err)
{
	struct postgresql *connection = handle;
	PGresult *result = NULL;

	connection->until_ms = until_ms;
	enum status status =
	    finish(connection, lib.PQsendQuery(connection->conn, sql), &result, err);
	if (status != STATUS_OK)
		return status;
	for (int i = 0; i < lib.PQntuples(result); i++)
		each(arg, lib.PQgetvalue(result, i, 0));
	lib.PQclear(result);
	return STATUS_OK;
}

const struct sitedb_kind sitedb_postgresql = {
    .name = "PostgreSQL",
    .idle_ms = SITEDB_IDLE_MS,
    .dialect = DIALECT,
    .open = postgresql_open,
    .is_lost = postgresql_is_lost,
    .prepare = postgresql_prepare,
    .ask = postgresql_ask,
    .close = postgresql_close,
    .each = postgresql_each,
    .tables = TABLES,
};

#else

const struct sitedb_kind sitedb_postgresql = {
    .name = "PostgreSQL", .missing = "libpq-dev", .dialect = DIALECT};

#endif
