/*
 * Connections to our own database on a PostgreSQL server: transactions, their keys and their clock.
 *
 * Transactions are READ COMMITTED, so each statement sees what other transactions have committed.
 * Often one statement reads data, and a later statement relies on that data. The transaction's key
 * is an advisory lock of the server. It keeps other transactions from changing the data in between.
 * The server releases the lock when the transaction or the connection ends.
 */
#include "store/postgresql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "db/library.h"

#define CLOCK_KEPT_US                                                                              \
	(10 * 1000000LL) /* µs; outside a transaction, the clock is read again after this time */

/*
 * If a node dies in a transaction and the server does not notice, the node's keys stay locked for
 * 10 s.
 */
#define SESSION                                                                                    \
	"SET statement_timeout = 2000; SET lock_timeout = 2000;"                                   \
	"SET idle_in_transaction_session_timeout = 10000;"                                         \
	"SET standard_conforming_strings = on; SET client_min_messages = error"
#define CLOCK "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

/* ---- failures ---- */

static const struct {
	const char *code; /* the SQLSTATE, or its beginning */
	enum connection_fault fault;
	bool lost; /* if true, a new connection could succeed */
	const char *next;
} failures[] = {
    {"55P03", FAULT_BUSY, false, "another transaction holds the lock: look at pg_locks"         },
    {"57014", FAULT_BUSY, false, "the server is slow: look at pg_stat_activity"                 },
    {"40",    FAULT_BUSY, false, "the transaction conflicts with another transaction: try again"},
    {"53100", FAULT_FULL, false, "free some space on the server's disk"                         },
    {"53",    FAULT_NONE, true,  "the server has run out of a resource: see the server's log"   },
    {"22021", FAULT_NONE, true,
     "prebind sends only UTF-8, so the query was changed on the way to the server"              },
    {"25006", FAULT_NONE, true,
     "this server is a standby: set the key `database` to the primary server"                   },
    {"0A000", FAULT_NONE, true,
     "this server is a standby: set the key `database` to the primary server"                   },
    {"42501", FAULT_NONE, false,
     "grant SELECT, INSERT, UPDATE and DELETE on the tables to the user in the key `database`, "
     "or let this user own the tables"							  },
    {"42P01", FAULT_NONE, false, "the tables are not as expected: run prebindctl check"         },
    {"42703", FAULT_NONE, false, "the tables are not as expected: run prebindctl check"         },
};

static enum status constraint_failed(const struct postgresql_failure *why, struct error *err)
{
	bool unique = strcmp(why->code, "23505") == 0;

	return error_set(err, unique ? STATUS_CONFLICT : STATUS_BAD_REQUEST, "%s", why->err.text);
}

enum status remote_failed(struct connection *db, const struct postgresql_failure *why,
			  struct error *err)
{
	const char *next = "run prebindctl check";
	bool lost = postgresql_is_lost(remote(db)->server);

	if (strncmp(why->code, "23", 2) == 0)
		return constraint_failed(why, err);
	if (strcmp(why->code, "22P05") == 0)
		return error_set(err, STATUS_BAD_REQUEST, "%s", why->err.text);
	metrics_add(METRIC_DATABASE_ERROR);
	db->fault = why->code[0] == '\0' && why->err.status == STATUS_UNAVAILABLE &&
			    postgresql_was_silent(remote(db)->server)
			? FAULT_SILENT
			: FAULT_NONE;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (why->code[0] == '\0' ||
		    strncmp(why->code, failures[i].code, strlen(failures[i].code)) != 0)
			continue;
		db->fault = failures[i].fault;
		next = failures[i].next;
		lost = lost || failures[i].lost;
		break;
	}
	if (lost)
		postgresql_give_up(remote(db)->server);
	return error_set(err, STATUS_UNAVAILABLE, "%s: %s%s%s", db->path, why->err.text,
			 why->code[0] != '\0' ? "; " : "", why->code[0] != '\0' ? next : "");
}

void remote_deadline_set(struct connection *db, int milliseconds)
{
	postgresql_set_deadline(remote(db)->server, clock_monotonic_ms() + milliseconds);
}

/* ---- open, close ---- */

static enum status password_read(const char *file, struct strbuf *out, struct error *err)
{
	if (file[0] == '\0')
		return STATUS_OK;
	enum status status = secret_file_read(file, out, err);
	return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
}

static void let_go(struct connection *db)
{
	postgresql_disconnect(remote(db)->server);
	remote(db)->server = NULL;
	remote(db)->in_transaction = false;
	remote(db)->clock_at_us = 0;
	memset(remote(db)->prepared, 0, sizeof(remote(db)->prepared));
}

static enum status remote_connect(struct connection *db, struct error *err)
{
	/*
	 * If the first of several hosts is switched off, there must still be time to try another
	 * host.
	 */
	int turns = site_uri_hosts(&remote(db)->uri) > 1 ? 2 : 1;
	int64_t until_ms = clock_monotonic_ms() + turns * SERVER_CONNECT_MS;
	struct strbuf password;
	struct error why = {0};

	let_go(db);
	strbuf_init_secret(&password);
	enum status status = password_read(remote(db)->password_file, &password, &why);
	const struct postgresql_target target = {
	    .uri = &remote(db)->uri, .password = password.data, .session = SESSION, .writes = true};
	if (status == STATUS_OK)
		status = postgresql_connect(&target, until_ms, &remote(db)->server, &why);
	strbuf_clear(&password);
	if (status == STATUS_OK)
		return status;
	metrics_add(METRIC_DATABASE_ERROR);
	db->fault = clock_left_ms(until_ms) == 0 ? FAULT_SILENT : FAULT_NONE;
	return error_set(err, status, "%s: %s", db->path, why.text);
}

bool remote_connected_again(struct connection *db)
{
	return !remote(db)->in_transaction && postgresql_is_lost(remote(db)->server) &&
	       db->fault != FAULT_SILENT && remote_connect(db, NULL) == STATUS_OK;
}

static void remote_close(struct connection *db)
{
	let_go(db);
	site_uri_clear(&remote(db)->uri);
	free(remote(db)->password_file);
	free(db->path);
	free(remote(db));
}

static struct connection *remote_new(const struct store_location *location, struct error *err)
{
	struct remote_connection *new = calloc(1, sizeof(*new));
	const char *file = location->password_file != NULL ? location->password_file : "";

	if (new == NULL) {
		error_no_memory(err);
		return NULL;
	}
	new->common.kind = &database_postgresql;
	new->call_ms = SERVER_CALL_MS;
	new->common.path = strdup(location->database);
	new->password_file = strdup(file);
	enum status status = new->common.path != NULL &&new->password_file != NULL
				 ? site_uri_parse(location->database, &new->uri, err)
				 : error_no_memory(err);
	if (status == STATUS_OK)
		return &new->common;
	remote_close(&new->common);
	return NULL;
}

static enum status remote_open(const struct store_location *location, enum connection_kind kind,
			       struct connection **out, enum connection_fault *fault,
			       struct error *err)
{
	struct error why = {0};
	struct connection *db = remote_new(location, &why);
	enum status status = db != NULL ? remote_connect(db, &why) : why.status;

	(void)kind;
	if (status == STATUS_OK)
		status = remote_schema(db, &db->schema, &why);
	if (status == STATUS_OK) {
		*out = db;
		return status;
	}
	if (fault != NULL && db != NULL)
		*fault = db->fault;
	connection_close(db);
	return error_set(err, status, "%s", why.text);
}

static bool remote_current(const struct connection *db)
{
	return remote(db)->server != NULL && postgresql_is_current(remote(db)->server);
}

/* ---- constant SQL ---- */

/*
 * Handles a missing answer, or an answer that belongs to a different query. Later answers could
 * belong to wrong queries too, so the connection is abandoned.
 */
static enum status no_answer(struct connection *db, struct error *err)
{
	postgresql_give_up(remote(db)->server);
	metrics_add(METRIC_DATABASE_ERROR);
	return error_set(err, STATUS_UNAVAILABLE, "%s: " DB_ANSWER_MALFORMED, db->path);
}

/* Returns the first column of the last statement's first row; the caller frees it. */
static enum status remote_ask(struct connection *db, const char *sql, int *number, char **text,
			      struct error *err)
{
	struct postgresql_result *result = NULL;
	struct postgresql_failure why = {0};

	if (postgresql_script(remote(db)->server, sql, &result, &why) != STATUS_OK)
		return remote_failed(db, &why, err);
	bool found = postgresql_rows(result) > 0 && postgresql_columns(result) > 0;
	const char *value = found ? postgresql_value(result, 0, 0) : "";
	enum status status = STATUS_OK;
	if (!found && (number != NULL || text != NULL)) {
		postgresql_clear(result);
		return no_answer(db, err);
	}
	if (number != NULL)
		*number = (int)strtol(value, NULL, 10);
	if (text != NULL && (*text = strdup(value)) == NULL)
		status = error_no_memory(err);
	postgresql_clear(result);
	return status;
}

enum status remote_script(struct connection *db, const char *sql, struct error *err)
{
	return remote_ask(db, sql, NULL, NULL, err);
}

/*
 * Can only lengthen the lock timeout, because shortening it would need one more query to the
 * server.
 */
static void remote_lock_timeout(struct connection *db, int milliseconds)
{
	if (milliseconds > SERVER_CALL_MS)
		remote(db)->call_ms = milliseconds;
}

/* Runs SQL with a long time limit, because a migration of a large table can take long. */
static enum status script_without_deadline(struct connection *db, const char *sql,
					   struct error *err)
{
	remote_deadline_set(db, SERVER_LONG_MS);
	enum status status = remote_script(db, "SET LOCAL statement_timeout = 0", err);

	return status == STATUS_OK ? remote_script(db, sql, err) : status;
}

static enum status ask(struct connection *db, const char *sql, int *number, char **text,
		       struct error *err)
{
	remote_deadline_set(db, remote(db)->call_ms);
	return remote_ask(db, sql, number, text, err);
}

/* ---- the clock ---- */

static void clock_set(struct connection *db, const char *text)
{
	remote(db)->clock_us = strtoll(text, NULL, 10);
	remote(db)->clock_at_us = clock_monotonic_us();
}

static enum status clock_read(struct connection *db, struct error *err)
{
	char *text = NULL;
	enum status status = ask(db, CLOCK, NULL, &text, err);

	if (status == STATUS_OK)
		clock_set(db, text);
	free(text);
	return status;
}

static enum status remote_clock(struct connection *db, int64_t *out_us, struct error *err)
{
	int64_t age_us = clock_monotonic_us() - remote(db)->clock_at_us;
	enum status status = STATUS_OK;

	if (!remote(db)->in_transaction &&
	    (remote(db)->clock_at_us == 0 || age_us > CLOCK_KEPT_US)) {
		status = clock_read(db, err);
		age_us = 0;
	}
	if (status == STATUS_OK)
		*out_us = remote(db)->clock_us + age_us;
	return status;
}

/* ---- transactions ---- */

/*
 * Returns the number of a key's advisory lock. If two keys get the same number, transactions with
 * these keys only wait for each other.
 */
static int64_t lock_number(const struct store_key *key)
{
	unsigned char digest[SECRET_SHA256_LEN];
	struct strbuf text;
	int64_t number = 0;

	strbuf_init(&text);
	strbuf_adds(&text, "prebind");
	strbuf_add(&text, key->scope, strlen(key->scope) + 1);
	for (size_t i = 0; i < 2 && key->names[i] != NULL; i++)
		strbuf_add(&text, key->names[i], strlen(key->names[i]) + 1);
	if (strbuf_ok(&text)) {
		secret_sha256(digest, text.data, text.len);
		memcpy(&number, digest, sizeof(number));
	}
	strbuf_clear(&text);
	return number; /* 0 if out of memory; transactions with number 0 only wait for each other */
}

static void remote_rollback(struct connection *db)
{
	if (remote(db)->in_transaction && !postgresql_is_lost(remote(db)->server))
		ask(db, "ROLLBACK", NULL, NULL, NULL);
	remote(db)->in_transaction = false;
}

/*
 * Parts of BEGIN for a migration or a copy. Such a transaction can have long statements, and can
 * wait long for its key. But its wait for a table's lock is kept short, because all other users of
 * the table have to wait while this transaction waits for the lock.
 */
#define LONG_WAITS  "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
#define SHORT_LOCKS "SET LOCAL lock_timeout = 2000;"

/*
 * Begins a transaction, takes the key's lock and reads the clock. All three are sent in one
 * message, to have only one round trip. The clock is read after the lock is taken.
 */
static enum status try_begin(struct connection *db, const struct store_key *key, struct error *err)
{
	const bool is_long = remote(db)->call_ms > SERVER_CALL_MS;
	char sql[400];
	char *clock = NULL;

	snprintf(sql, sizeof(sql),
		 "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;%s%s"
		 "SELECT pg_advisory_xact_lock(%lld);%s" CLOCK,
		 key->disposable ? "SET LOCAL synchronous_commit = off;" : "",
		 is_long ? LONG_WAITS : "", (long long)lock_number(key),
		 is_long ? SHORT_LOCKS : "");
	enum status status = ask(db, sql, NULL, &clock, err);
	remote(db)->in_transaction = true; /* the transaction might be open even after a failure */
	if (status == STATUS_OK)
		clock_set(db, clock);
	else
		remote_rollback(db);
	free(clock);
	return status;
}

static enum status remote_begin(struct connection *db, const struct store_key *key,
				struct error *err)
{
	if (strcmp(key->scope, KEY_STATEMENT) == 0)
		return STATUS_OK; /* the server makes each statement a transaction of its own */
	enum status status = try_begin(db, key, err);
	if (status == STATUS_OK || !remote_connected_again(db))
		return status;
	return try_begin(db, key, err);
}

/*
 * The server answers COMMIT with ROLLBACK if a statement of the transaction has failed. This
 * function then returns STATUS_INTERNAL. If the connection is lost during COMMIT, the outcome is
 * unknown, and this function also returns a failure.
 */
static enum status remote_commit(struct connection *db, struct error *err)
{
	struct postgresql_failure why = {0};
	struct postgresql_result *result = NULL;
	enum status status = STATUS_OK;

	if (!remote(db)->in_transaction)
		return STATUS_OK;
	remote_deadline_set(db, remote(db)->call_ms);
	if (postgresql_script(remote(db)->server, "COMMIT", &result, &why) != STATUS_OK) {
		status = remote_failed(db, &why, err);
		remote_rollback(db);
		return status;
	}
	remote(db)->in_transaction = false;
	if (strcmp(postgresql_done(result), "COMMIT") != 0)
		status = error_set(err, STATUS_INTERNAL,
				   "%s: the transaction had failed, so it cannot be committed",
				   db->path);
	postgresql_clear(result);
	return status;
}

const struct database_kind database_postgresql = {
    .is_server = true,
    .open = remote_open,
    .close = remote_close,
    .current = remote_current,
    .script = script_without_deadline,
    .ask = ask,
    .verify = remote_verify,
    .lock_timeout = remote_lock_timeout,
    .begin = remote_begin,
    .commit = remote_commit,
    .rollback = remote_rollback,
    .reset = remote_rollback,
    .clock = remote_clock,
    .schema = remote_schema,
    .set_schema = remote_set_schema,
    .find = remote_find,
    .run = remote_run,
    .list = remote_list,
};
