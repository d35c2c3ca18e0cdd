/*
 * Connections to PostgreSQL. This file calls only libpq functions that do not wait, and does all
 * its waiting in socket_wait.
 */
#include "db/postgresql.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "db/libpq.h"
#include "db/resolve.h"
#include "db/socket_wait.h"

#ifdef LIBPQ_FE_H

struct postgresql {
	PGconn *conn;
	bool lost;
	bool silent;
	int64_t until_ms; /* deadline of the current call; monotonic */
};

/* ---- failures ---- */

/*
 * Returns the length of the first line. libpq's messages end with a newline, and some have several
 * lines.
 */
static int line_length(const char *text)
{
	return (int)strcspn(text, "\n");
}

static enum status connection_failed(struct postgresql *connection, struct postgresql_failure *why)
{
	const char *said = libpq.PQerrorMessage(connection->conn);

	connection->lost = true;
	connection->silent = clock_left_ms(connection->until_ms) == 0;
	why->code[0] = '\0';
	if (connection->silent)
		return error_set(&why->err, STATUS_UNAVAILABLE,
				 "the server did not answer in time: check that the server is "
				 "running, and what it is waiting for");
	return error_set(&why->err, STATUS_UNAVAILABLE, "the server said: %.*s", line_length(said),
			 said);
}

/* The codes 57P0x mean that the server ends the connection, for example because it is stopping. */
static enum status result_failed(struct postgresql *connection, const PGresult *result,
				 struct postgresql_failure *why)
{
	const char *code = libpq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *said = libpq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (code == NULL || said == NULL || libpq.PQstatus(connection->conn) != CONNECTION_OK)
		return connection_failed(connection, why);
	connection->lost = strncmp(code, "57P0", 4) == 0;
	snprintf(why->code, sizeof(why->code), "%s", code);
	return error_set(&why->err, STATUS_UNAVAILABLE, "the server said: %s (%s)", said, code);
}

/* ---- one call, without waiting inside libpq ---- */

static bool send_all(struct postgresql *connection)
{
	int rc;

	while ((rc = libpq.PQflush(connection->conn)) == 1) {
		if (!socket_wait(libpq.PQsocket(connection->conn), POLLIN | POLLOUT,
				 connection->until_ms) ||
		    libpq.PQconsumeInput(connection->conn) == 0)
			return false;
	}
	return rc == 0;
}

/*
 * Sets *out to the next result, which the caller clears. Sets *out to NULL if there are no more
 * results. If the connection is lost, *out is not set.
 */
static enum status next_result(struct postgresql *connection, PGresult **out,
			       struct postgresql_failure *why)
{
	while (libpq.PQisBusy(connection->conn) != 0)
		if (!socket_wait(libpq.PQsocket(connection->conn), POLLIN, connection->until_ms) ||
		    libpq.PQconsumeInput(connection->conn) == 0)
			return connection_failed(connection, why);
	*out = libpq.PQgetResult(connection->conn);
	return STATUS_OK;
}

static bool has_failed(const PGresult *result)
{
	return libpq.PQresultStatus(result) != PGRES_COMMAND_OK &&
	       libpq.PQresultStatus(result) != PGRES_TUPLES_OK;
}

/*
 * Waits for all results of a statement, and sets *out to the last result. `sent` is the return
 * value of the libpq function that sent the statement. If one result failed, the call fails and
 * ignores the results after it. For example, after a malformed row libpq still reports the end of
 * the statement as a result without rows.
 */
static enum status finish(struct postgresql *connection, int sent, struct postgresql_result **out,
			  struct postgresql_failure *why)
{
	PGresult *last = NULL, *result = NULL;
	enum status status = STATUS_OK;

	if (sent != 1 || !send_all(connection))
		return connection_failed(connection, why);
	for (;;) {
		status = next_result(connection, &result, why);
		if (status != STATUS_OK || result == NULL)
			break;
		if (last != NULL && has_failed(last)) {
			libpq.PQclear(result);
			continue;
		}
		libpq.PQclear(last);
		last = result;
	}
	if (status == STATUS_OK && last == NULL)
		status = connection_failed(connection, why);
	else if (status == STATUS_OK && has_failed(last))
		status = result_failed(connection, last, why);
	if (status == STATUS_OK && out != NULL)
		*out = (struct postgresql_result *)last;
	else
		libpq.PQclear(last);
	return status;
}

enum status postgresql_script(struct postgresql *connection, const char *sql,
			      struct postgresql_result **out, struct postgresql_failure *why)
{
	return finish(connection, libpq.PQsendQuery(connection->conn, sql), out, why);
}

enum status postgresql_prepare(struct postgresql *connection,
			       const struct postgresql_statement_text *text,
			       struct postgresql_failure *why)
{
	int sent = libpq.PQsendPrepare(connection->conn, text->name, text->sql, (int)text->count,
				       text->types);

	return finish(connection, sent, NULL, why);
}

enum status postgresql_describe(struct postgresql *connection, const char *name,
				struct postgresql_result **out, struct postgresql_failure *why)
{
	return finish(connection, libpq.PQsendDescribePrepared(connection->conn, name), out, why);
}

/*
 * True if all columns have the expected format. Reading binary data as text, or text as binary
 * data, would give a wrong value.
 */
static bool has_form(const PGresult *result, bool binary)
{
	for (int i = 0; i < libpq.PQnfields(result); i++)
		if ((libpq.PQfformat(result, i) != 0) != binary)
			return false;
	return true;
}

static enum status malformed(struct postgresql *connection, struct postgresql_failure *why)
{
	connection->lost = true;
	why->code[0] = '\0';
	return error_set(&why->err, STATUS_UNAVAILABLE, DB_ANSWER_MALFORMED);
}

enum status postgresql_execute(struct postgresql *connection, const char *name,
			       const struct postgresql_values *values,
			       struct postgresql_result **out, struct postgresql_failure *why)
{
	struct postgresql_result *result = NULL;
	int sent =
	    libpq.PQsendQueryPrepared(connection->conn, name, (int)values->count, values->values,
				      values->lengths, values->formats, values->binary);
	enum status status = finish(connection, sent, &result, why);

	if (status == STATUS_OK && !has_form((PGresult *)result, values->binary))
		status = malformed(connection, why);
	if (status == STATUS_OK && out != NULL)
		*out = result;
	else
		postgresql_clear(result);
	return status;
}

/* ---- open, close ---- */

/*
 * libpq's parameters for one host. `host` and `hostaddr` are lists with an entry for each address
 * of the host. Without hostaddr, libpq would query the name servers without a time limit. libpq
 * still checks the certificate against the name in `host`.
 */
struct where {
	struct strbuf host, hostaddr, port;
};

static void where_clear(struct where *where)
{
	strbuf_clear(&where->host);
	strbuf_clear(&where->hostaddr);
	strbuf_clear(&where->port);
}

/* The caller clears *out, even after a failure. */
static enum status where_init(const struct site_uri *uri, size_t i, struct where *out,
			      struct error *err)
{
	struct site_uri_host one = site_uri_host(uri, i);

	strbuf_init(&out->host);
	strbuf_init(&out->hostaddr);
	strbuf_init(&out->port);
	strbuf_add(&out->port, one.port, one.port_len);
	if (uri->socket[0] != '\0')
		strbuf_adds(&out->host, uri->socket);
	else
		strbuf_add(&out->host, one.host, one.host_len);
	return strbuf_ok(&out->host) && strbuf_ok(&out->port) ? STATUS_OK : error_no_memory(err);
}

static enum status where_resolve(const struct site_uri *uri, int64_t until_ms, struct where *where,
				 struct error *err)
{
	struct resolved resolved = {.count = 0};
	char *name = NULL;

	if (uri->local || address_is_valid(where->host.data))
		return STATUS_OK;
	enum status status = resolve_host(where->host.data, until_ms, &resolved, err);
	if (status == STATUS_OK && (name = strdup(where->host.data)) == NULL)
		status = error_no_memory(err);
	for (size_t i = 0; status == STATUS_OK && i < resolved.count; i++) {
		if (i > 0)
			strbuf_addf(&where->host, ",%s", name);
		strbuf_addf(&where->hostaddr, "%s%s", i > 0 ? "," : "", resolved.addresses[i]);
	}
	free(name);
	if (status == STATUS_OK && (!strbuf_ok(&where->host) || !strbuf_ok(&where->hostaddr)))
		status = error_no_memory(err);
	return status;
}

/* Without this function, libpq would print the server's notices to stderr, which is our log. */
static void ignore_notice(void *arg, const PGresult *notice)
{
	(void)arg, (void)notice;
}

static PGconn *begin_to_connect(const struct postgresql_target *target, const struct where *where)
{
	const struct site_uri *uri = target->uri;
	const char *ca = uri->ca[0] != '\0' ? uri->ca : DB_SYSTEM_CA;
	const char *role = target->writes && site_uri_hosts(uri) > 1 ? "read-write" : "any";
	const char *const names[] = {"host",
				     "hostaddr",
				     "port",
				     "user",
				     "dbname",
				     "password",
				     "sslmode",
				     "passfile",
				     "client_encoding",
				     "gssencmode",
				     "application_name",
				     "sslrootcert",
				     "target_session_attrs",
				     NULL};
	const char *const values[] = {
	    where->host.data,
	    where->hostaddr.data,
	    where->port.data,
	    uri->user,
	    uri->name,
	    target->password,
	    uri->local ? "prefer" : "verify-full",
	    "/dev/null/none", /* a path that never exists; libpq warns about special files */
	    "UTF8",
	    "disable",
	    "prebind",
	    uri->local && uri->ca[0] == '\0' ? "" : ca,
	    uri->role[0] != '\0' ? uri->role : role,
	    NULL};

	PGconn *conn = libpq.PQconnectStartParams(names, values, 0);
	if (conn != NULL)
		libpq.PQsetNoticeReceiver(conn, ignore_notice, NULL);
	return conn;
}

static enum status poll_until_connected(struct postgresql *connection,
					struct postgresql_failure *why)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	if (libpq.PQstatus(connection->conn) == CONNECTION_BAD)
		return connection_failed(connection, why);
	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		int fd = libpq.PQsocket(connection->conn);
		short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (fd < 0 || !socket_wait(fd, events, connection->until_ms))
			break;
		state = libpq.PQconnectPoll(connection->conn);
	}
	if (state != PGRES_POLLING_OK || libpq.PQsetnonblocking(connection->conn, 1) != 0)
		return connection_failed(connection, why);
	return STATUS_OK;
}

static void forget(struct postgresql *connection)
{
	if (connection->conn != NULL)
		libpq.PQfinish(connection->conn);
	connection->conn = NULL;
	connection->lost = connection->silent = false;
}

static enum status connect_to_one(const struct postgresql_target *target, size_t i,
				  struct postgresql *connection, struct error *err)
{
	struct postgresql_failure why = {0};
	struct where where;
	enum status status = where_init(target->uri, i, &where, &why.err);

	if (status == STATUS_OK)
		status = where_resolve(target->uri, connection->until_ms, &where, &why.err);
	if (status == STATUS_OK && (connection->conn = begin_to_connect(target, &where)) == NULL)
		status = error_no_memory(&why.err);
	if (status == STATUS_OK)
		status = poll_until_connected(connection, &why);
	if (status == STATUS_OK)
		status = postgresql_script(connection, target->session, NULL, &why);
	where_clear(&where);
	if (status != STATUS_OK)
		*err = why.err;
	return status;
}

static void say_host(const struct site_uri *uri, size_t i, struct error *why)
{
	struct site_uri_host one = site_uri_host(uri, i);
	struct error said = *why;

	error_set(why, said.status, "%.*s: %s", (int)one.host_len, one.host, said.text);
}

/*
 * Tries the hosts in turn. Each host gets an equal part of the time. Otherwise the wait for a host
 * that is switched off would use up all the time.
 */
static enum status connect_to(const struct postgresql_target *target, struct postgresql *connection,
			      struct error *err)
{
	int64_t until_ms = connection->until_ms;
	size_t hosts = site_uri_hosts(target->uri);
	enum status status = STATUS_UNAVAILABLE;
	struct strbuf all;

	strbuf_init(&all);
	for (size_t i = 0; i < hosts && status != STATUS_OK; i++) {
		struct error why = {0};
		long part_ms = clock_left_ms(until_ms) / (long)(hosts - i);

		connection->until_ms = clock_monotonic_ms() + part_ms;
		status = connect_to_one(target, i, connection, &why);
		if (status == STATUS_OK)
			break;
		if (hosts > 1)
			say_host(target->uri, i, &why);
		strbuf_addf(&all, "%s%s", i > 0 ? "; " : "", why.text);
		if (i + 1 < hosts)
			forget(connection);
	}
	connection->until_ms = until_ms;
	if (status != STATUS_OK)
		error_set(err, status, "%s", strbuf_ok(&all) ? all.data : "out of memory");
	strbuf_clear(&all);
	return status;
}

enum status postgresql_connect(const struct postgresql_target *target, int64_t until_ms,
			       struct postgresql **out, struct error *err)
{
	enum status status = libpq_load(err);

	if (status != STATUS_OK)
		return status;
	struct postgresql *connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return error_no_memory(err);
	connection->until_ms = until_ms;
	status = connect_to(target, connection, err);
	if (status == STATUS_OK)
		*out = connection;
	else
		postgresql_disconnect(connection);
	return status;
}

void postgresql_disconnect(struct postgresql *connection)
{
	if (connection == NULL)
		return;
	if (connection->conn != NULL)
		libpq.PQfinish(connection->conn);
	free(connection);
}

void postgresql_set_deadline(struct postgresql *connection, int64_t until_ms)
{
	connection->until_ms = until_ms;
}

bool postgresql_is_lost(const struct postgresql *connection)
{
	return connection == NULL || connection->lost;
}

void postgresql_give_up(struct postgresql *connection)
{
	connection->lost = true;
}

bool postgresql_was_silent(const struct postgresql *connection)
{
	return connection->silent;
}

bool postgresql_is_current(struct postgresql *connection)
{
	struct pollfd fd = {.fd = libpq.PQsocket(connection->conn), .events = POLLIN};

	return !connection->lost && poll(&fd, 1, 0) == 0;
}

#endif
