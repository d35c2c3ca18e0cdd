/*
 * MariaDB and MySQL as a kind of site database: the connection. It uses libmariadb, which is loaded
 * when it is first needed. The statements are in mariadb_statement.c.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/blocking.h"
#include "db/resolve.h"
#include "db/socket_wait.h"
#include "sitedb/mariadb.h"

static const char *const functions[] = {"lower",
					"upper",
					"substr",
					"substring",
					"substring_index",
					"concat",
					"coalesce",
					"ifnull",
					"nullif",
					"if",
					"length",
					"char_length",
					"trim",
					"replace",
					"lpad",
					"hex",
					"unhex",
					"md5",
					"sha1",
					"sha2",
					"to_base64",
					"from_base64",
					"CAST",
					"CONVERT",
					"min",
					"max",
					"count",
					"sum",
					"unix_timestamp",
					"now",
					"date_format",
					"date_add",
					"date_sub",
					"utc_timestamp",
					"from_unixtime",
					"floor",
					"json_extract",
					"json_unquote",
					"char",
					"decimal",
					"convert_tz",
					"fold",
					"unixepoch",
					NULL};
/* Functions whose argument can be a string parameter, because they compare nothing themselves. */
static const char *const for_params[] = {
    "lower",  "upper",    "substr",    "substring",   "substring_index",
    "concat", "coalesce", "ifnull",    "char_length", "length",
    "trim",   "lpad",     "hex",       "unhex",       "md5",
    "sha1",   "sha2",     "to_base64", "from_base64", "CAST",
    "fold",   NULL};
static const struct select_function shared[] = {
    {"fold",      "lower("         },
    {"unixepoch", "unix_timestamp("},
    {NULL,        NULL             },
};
/*
 * INTO writes files, even in a read-only session. FOR and LOCK lock rows that the site itself uses.
 */
static const char *const words[] = {"INTO", "FOR", "LOCK", "PROCEDURE", NULL};

#define DIALECT                                                                                    \
	{                                                                                          \
		.place = "?", .bytes = {"CAST(CONVERT(", " USING utf8mb4) AS BINARY)"},            \
		.functions = functions, .for_params = for_params, .words = words,                  \
		.shared = shared, .before = "", .after = "",                                       \
	}
#define TABLES "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"

#ifdef LIBMARIADB

struct libmariadb_calls libmariadb;

static const char *const names[] = {LIBRARY_NAMES(LIBMARIADB_CALLS)};
static struct library library = LIBRARY("libmariadb.so.3", "libmariadb3", names, libmariadb);

#define PACKET_MAX (1024UL * 1024) /* in bytes; no row that prebind reads is longer */

/*
 * ANSI_QUOTES, PIPES_AS_CONCAT and NO_BACKSLASH_ESCAPES make the server read names, strings and ||
 * as the other databases and tokens.c do.
 */
#define SQL_MODE "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES"
#define SETTINGS                                                                                   \
	"SET SESSION sql_mode='" SQL_MODE                                                          \
	"', time_zone='+00:00', sql_select_limit=" TEXT_OF(SITE_QUERY_ROWS_MAX) ", "

/*
 * The deadline of the current wait. libmariadb calls wait_io in the thread that waits, but cannot
 * pass the deadline to wait_io. So the deadline is in a thread-local variable.
 */
static _Thread_local int64_t wait_until_ms;

void mariadb_wait_until(int64_t until_ms)
{
	wait_until_ms = until_ms;
}

static int wait_io(my_socket handle, my_bool is_read, int timeout)
{
	(void)timeout;
	return socket_wait(handle, is_read ? POLLIN : POLLOUT, wait_until_ms) ? 1 : 0;
}

/* ---- failures ---- */

static bool is_lost_code(unsigned code)
{
	return code == 0 || /* the failure has no error code */
	       (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR && code != CR_OUT_OF_MEMORY) ||
	       code == ER_SERVER_SHUTDOWN || code == ER_CONNECTION_KILLED;
}

static enum status failed(struct mariadb *connection, unsigned code, const char *said,
			  struct error *err)
{
	connection->lost = is_lost_code(code);
	if (connection->lost && clock_left_ms(wait_until_ms) == 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the server did not answer in time: check that the server is "
				 "running, and what it is waiting for");
	if (code == ER_STATEMENT_TIMEOUT || code == ER_QUERY_INTERRUPTED)
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "the query took longer than %d ms (MariaDB error %u): check with EXPLAIN that "
		    "it uses an index",
		    SITEDB_STATEMENT_MS, code);
	return error_set(err, STATUS_UNAVAILABLE, "the server said: %s (%u)", said, code);
}

static enum status mysql_failed(struct mariadb *connection, struct error *err)
{
	return failed(connection, libmariadb.mysql_errno(connection->mysql),
		      libmariadb.mysql_error(connection->mysql), err);
}

enum status mariadb_stmt_failed(struct mariadb_statement *s, struct error *err)
{
	return failed(s->connection, libmariadb.mysql_stmt_errno(s->stmt),
		      libmariadb.mysql_stmt_error(s->stmt), err);
}

enum status mariadb_malformed(struct mariadb *connection, struct error *err)
{
	connection->lost = true;
	return error_set(err, STATUS_UNAVAILABLE, DB_ANSWER_MALFORMED);
}

/* ---- open, close ---- */

static void mariadb_close(void *handle)
{
	struct mariadb *connection = handle;

	/* Limits the waits of the calls below to 100 ms, because the server might not answer. */
	wait_until_ms = clock_monotonic_ms() + 100;
	for (struct mariadb_statement *s = connection->statements, *next; s != NULL; s = next) {
		next = s->next;
		mariadb_statement_free(s);
	}
	if (connection->mysql != NULL)
		libmariadb.mysql_close(connection->mysql);
	free(connection);
}

/* Requires TLS and verifies the certificate, unless the server is on this host. */
static void set_tls(MYSQL *mysql, const struct site_uri *uri)
{
	my_bool on = 1;

	if (uri->local)
		return;
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_SSL_CA,
				  uri->ca[0] != '\0' ? uri->ca : DB_SYSTEM_CA);
}

static void set_options(MYSQL *mysql, const struct site_uri *uri)
{
	unsigned seconds = SITEDB_ASK_MS / 1000;
	unsigned long packet = PACKET_MAX;
	unsigned protocol = MYSQL_PROTOCOL_TCP, off = 0;

	libmariadb.mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	/*
	 * wait_io has the real time limit; without these time-outs libmariadb does not call wait_io
	 */
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
	libmariadb.mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
	libmariadb.mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, wait_io);
	if (uri->port[0] != '\0' && uri->socket[0] == '\0')
		libmariadb.mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	set_tls(mysql, uri);
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static enum status run(struct mariadb *connection, const char *sql, struct error *err)
{
	if (libmariadb.mysql_real_query(connection->mysql, sql, strlen(sql)) == 0)
		return STATUS_OK;
	return mysql_failed(connection, err);
}

/*
 * Refuses servers that are too old. Old servers cannot limit the time of a statement, or have a
 * different name for the variable that makes a session read-only.
 */
static enum status version_suits(MYSQL *mysql, struct error *err)
{
	unsigned long needed = libmariadb.mariadb_connection(mysql) ? 100200 : 50720;

	if (libmariadb.mysql_get_server_version(mysql) >= needed)
		return STATUS_OK;
	return error_set(err, STATUS_UNAVAILABLE,
			 "the server is version %s, but MariaDB 10.2, MySQL 5.7.20 or later is "
			 "required; update the server, or use the identity provider site_http",
			 libmariadb.mysql_get_server_info(mysql));
}

/*
 * Makes the session read-only and limits the time of a statement. MariaDB and MySQL have different
 * names for the two variables that are set here.
 */
static enum status set_session(struct mariadb *connection, struct error *err)
{
	struct strbuf sql;

	strbuf_init(&sql);
	strbuf_adds(&sql, SETTINGS);
	if (libmariadb.mariadb_connection(connection->mysql))
		strbuf_addf(&sql, "tx_read_only=1, max_statement_time=%d.%03d",
			    SITEDB_STATEMENT_MS / 1000, SITEDB_STATEMENT_MS % 1000);
	else
		strbuf_addf(&sql, "transaction_read_only=1, max_execution_time=%d",
			    SITEDB_STATEMENT_MS);
	enum status status =
	    strbuf_ok(&sql) ? run(connection, sql.data, err) : error_no_memory(err);
	strbuf_clear(&sql);
	connection->rows_max = SITE_QUERY_ROWS_MAX;
	return status;
}

enum status mariadb_limit_rows(struct mariadb *connection, size_t rows_max, struct error *err)
{
	char sql[64];

	if (connection->rows_max == rows_max)
		return STATUS_OK;
	snprintf(sql, sizeof(sql), "SET SESSION sql_select_limit=%zu", rows_max);
	enum status status = run(connection, sql, err);
	if (status == STATUS_OK)
		connection->rows_max = rows_max;
	return status;
}

static bool connect_once(const struct site_uri *uri, MYSQL *mysql, const char *password)
{
	return libmariadb.mysql_real_connect(mysql, or_null(uri->host), uri->user, password,
					     uri->name, (unsigned)strtoul(uri->port, NULL, 10),
					     or_null(uri->socket), 0) != NULL;
}

/*
 * Connects by the host's name, because libmariadb compares the certificate with that name. So
 * libmariadb repeats the look-up of the name that resolve_host has just done. If the name servers
 * do not answer the second look-up, connect_once has to wait.
 */
static enum status connect_by_name(const struct site_uri *uri, struct mariadb *connection,
				   const char *password, struct error *err)
{
	struct resolved resolved;
	enum status status = resolve_host(uri->host, wait_until_ms, &resolved, err);

	if (status != STATUS_OK)
		return status;
	if (!blocking_begin())
		return blocking_refused(err);
	resolve_briefly();
	bool connected = connect_once(uri, connection->mysql, password);
	blocking_end();
	return connected ? STATUS_OK : mysql_failed(connection, err);
}

static enum status connect_to(const struct sitedb_source *source, struct mariadb *connection,
			      const char *password, struct error *err)
{
	const struct site_uri *uri = &source->uri;

	enum status status = STATUS_OK;

	set_options(connection->mysql, uri);
	if (resolve_is_needed(uri))
		status = connect_by_name(uri, connection, password, err);
	else if (!connect_once(uri, connection->mysql, password))
		status = mysql_failed(connection, err);
	if (status == STATUS_OK)
		status = version_suits(connection->mysql, err);
	return status == STATUS_OK ? set_session(connection, err) : status;
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
	connection->mysql = libmariadb.mysql_init(NULL);
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
	result = libmariadb.mysql_store_result(connection->mysql);
	if (result == NULL)
		return mysql_failed(connection, err);
	while ((row = libmariadb.mysql_fetch_row(result)) != NULL)
		each(arg, row[0] != NULL ? row[0] : "");
	libmariadb.mysql_free_result(result);
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
