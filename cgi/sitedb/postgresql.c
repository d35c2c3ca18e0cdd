/*
 * PostgreSQL as a kind of site database: the connection, by libpq, which is loaded at its first
 * use. postgresql_statement.c has the statements. All calls are those that do not wait; sitedb_wait
 * waits.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "sitedb/postgresql.h"
#include "sitedb/resolve.h"

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
					"fold",
					"unixepoch",
					NULL};
/* Those that compare nothing themselves. */
static const char *const for_params[] = {
    "lower", "upper",  "substr", "substring",  "split_part",   "concat", "coalesce", "char_length",
    "trim",  "btrim",  "lpad",   "encode",     "decode",       "length", "md5",      "sha224",
    "CAST",  "sha256", "sha384", "convert_to", "convert_from", "sha512", "fold",     NULL};
static const struct select_function shared[] = {
    {"fold",      "lower("             },
    {"unixepoch", "date_part('epoch', "},
    {NULL,        NULL		 },
};
/* INTO makes a table; FOR holds rows that the site wants. */
static const char *const words[] = {"INTO", "FOR", "LOCK", NULL};

/* More than one row is an error, so two are enough. */
#define DIALECT                                                                                    \
	{                                                                                          \
		.place = "$", .numbered = true, .bytes = {"CAST(", " AS text) COLLATE \"C\""},     \
		.functions = functions, .for_params = for_params, .words = words,                  \
		.shared = shared, .before = "SELECT * FROM (", .after = ") AS prebind LIMIT 2",    \
	}
#define TABLES                                                                                     \
	"SELECT table_name FROM information_schema.tables"                                         \
	" WHERE table_schema = ANY (current_schemas(false))"

#ifdef LIBPQ_FE_H

struct libpq_calls libpq;

static const struct library_call calls[] = {
#define X(name) {#name, &libpq.name},
    LIBPQ_CALLS(X)
#undef X
};

static struct library library = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .file = "libpq.so.5",
    .package = "libpq5",
    .calls = calls,
    .n_calls = sizeof(calls) / sizeof(calls[0]),
};

/* ---- failures ---- */

/* libpq's sentences end with a newline; some have several lines. */
static int line_length(const char *text)
{
	return (int)strcspn(text, "\n");
}

static enum status connection_failed(struct postgresql *connection, struct error *err)
{
	const char *said = libpq.PQerrorMessage(connection->conn);

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
	const char *code = libpq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *said = libpq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (code == NULL || said == NULL || libpq.PQstatus(connection->conn) != CONNECTION_OK)
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

	while ((rc = libpq.PQflush(connection->conn)) == 1) {
		if (!sitedb_wait(libpq.PQsocket(connection->conn), POLLIN | POLLOUT,
				 connection->until_ms) ||
		    libpq.PQconsumeInput(connection->conn) == 0)
			return false;
	}
	return rc == 0;
}

/* The next result; NULL: there is no more, or the connection is lost. The caller clears it. */
static enum status next_result(struct postgresql *connection, PGresult **out, struct error *err)
{
	while (libpq.PQisBusy(connection->conn) != 0)
		if (!sitedb_wait(libpq.PQsocket(connection->conn), POLLIN, connection->until_ms) ||
		    libpq.PQconsumeInput(connection->conn) == 0)
			return connection_failed(connection, err);
	*out = libpq.PQgetResult(connection->conn);
	return STATUS_OK;
}

enum status postgresql_finish(struct postgresql *connection, int sent, PGresult **out,
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
		libpq.PQclear(last);
		last = result;
	}
	if (status == STATUS_OK && last == NULL)
		status = connection_failed(connection, err);
	else if (status == STATUS_OK && libpq.PQresultStatus(last) != PGRES_COMMAND_OK &&
		 libpq.PQresultStatus(last) != PGRES_TUPLES_OK)
		status = result_failed(connection, last, err);
	if (status == STATUS_OK)
		*out = last;
	else
		libpq.PQclear(last);
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
		libpq.PQfinish(connection->conn);
	free(connection);
}

static enum status connect_wait(struct postgresql *connection, struct error *err)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		int fd = libpq.PQsocket(connection->conn);
		short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (fd < 0 || !sitedb_wait(fd, events, connection->until_ms))
			break;
		state = libpq.PQconnectPoll(connection->conn);
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
	    postgresql_finish(connection, libpq.PQsendQuery(connection->conn, sql), &result, err);
	libpq.PQclear(result);
	return status;
}

/*
 * Where libpq connects: its parameters host and hostaddr, with an entry in both for each address.
 * Without hostaddr libpq would ask the name servers without a limit; the certificate is still
 * checked against the name.
 */
struct target {
	struct strbuf host, hostaddr;
};

static enum status target_find(const struct site_uri *uri, int64_t until_ms, struct target *out,
			       struct error *err)
{
	struct resolved resolved = {.count = 0};
	enum status status = STATUS_OK;

	if (resolve_is_needed(uri))
		status = resolve_host(uri->host, until_ms, &resolved, err);
	for (size_t i = 0; i < resolved.count; i++) {
		strbuf_addf(&out->host, "%s%s", i > 0 ? "," : "", uri->host);
		strbuf_addf(&out->hostaddr, "%s%s", i > 0 ? "," : "", resolved.addresses[i]);
	}
	if (resolved.count == 0)
		strbuf_adds(&out->host, uri->socket[0] != '\0' ? uri->socket : uri->host);
	if (status == STATUS_OK && (!strbuf_ok(&out->host) || !strbuf_ok(&out->hostaddr)))
		status = error_no_memory(err);
	return status;
}

/* TLS, with a certificate that is checked, unless the server is on this host. */
static enum status connect_at(const struct site_uri *uri, const struct target *target,
			      struct postgresql *connection, const char *password,
			      struct error *err)
{
	const char *ca = uri->ca[0] != '\0' ? uri->ca : SITEDB_SYSTEM_CA;
	const char *const names[] = {"host",       "hostaddr",         "port",
				     "user",       "dbname",           "password",
				     "sslmode",    "passfile",         "client_encoding",
				     "gssencmode", "application_name", "sslrootcert",
				     NULL};
	const char *const values[] = {target->host.data,
				      target->hostaddr.data,
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

	connection->conn = libpq.PQconnectStartParams(names, values, 0);
	if (connection->conn == NULL)
		return error_no_memory(err);
	if (libpq.PQstatus(connection->conn) == CONNECTION_BAD)
		return connection_failed(connection, err);
	enum status status = connect_wait(connection, err);
	if (status == STATUS_OK && libpq.PQsetnonblocking(connection->conn, 1) != 0)
		status = connection_failed(connection, err);
	return status == STATUS_OK ? set_session(connection, err) : status;
}

static enum status connect_to(const struct sitedb_source *source, struct postgresql *connection,
			      const char *password, struct error *err)
{
	struct target target;

	strbuf_init(&target.host);
	strbuf_init(&target.hostaddr);
	enum status status = target_find(&source->uri, connection->until_ms, &target, err);
	if (status == STATUS_OK)
		status = connect_at(&source->uri, &target, connection, password, err);
	strbuf_clear(&target.host);
	strbuf_clear(&target.hostaddr);
	return status;
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

/* ---- for prebindctl check ---- */

static enum status postgresql_each(void *handle, const char *sql, int64_t until_ms,
				   void (*each)(void *arg, const char *text), void *arg,
				   struct error *err)
{
	struct postgresql *connection = handle;
	PGresult *result = NULL;

	connection->until_ms = until_ms;
	enum status status =
	    postgresql_finish(connection, libpq.PQsendQuery(connection->conn, sql), &result, err);
	if (status != STATUS_OK)
		return status;
	for (int i = 0; i < libpq.PQntuples(result); i++)
		each(arg, libpq.PQgetvalue(result, i, 0));
	libpq.PQclear(result);
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
