/*
 * Connections to a database of this program with SQLite: flags for opening, transactions, and the
 * state of the file. pool.c ensures that only one thread at a time uses a connection. The SQL of
 * the tables is in query_sql.c and sql/migrations.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/blocking.h"
#include "store/sqlite.h"

/*
 * How long to wait for another writer, in milliseconds. This is less than the deadline of any
 * request.
 */
#define DURABLE_LOCK_TIMEOUT_MS 2000
/*
 * How long to wait for another writer of a disposable database, in milliseconds. Its transactions
 * take only microseconds, but plain CGI can start many processes at once.
 */
#define DISPOSABLE_LOCK_TIMEOUT_MS 1000
/* Time limit for the check for damage, so that a big database does not delay the start. */
#define VERIFY_S 2

/* ---- opening ---- */

static pthread_once_t sqlite_started = PTHREAD_ONCE_INIT;

/*
 * Must run before the first connection is opened. Otherwise each connection allocates 20 pages at
 * once, and all threads compete for SQLite's memory statistics. Debian's SQLite accepts URIs as
 * paths. This function turns URIs off, because nolock=1 in a URI would disable locks.
 */
static void sqlite_start(void)
{
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_URI, 0);
	sqlite3_initialize();
}

static int open_file(struct connection *db, int flags)
{
	pthread_once(&sqlite_started, sqlite_start);
	return sqlite3_open_v2(db->path, &lite(db)->sqlite, flags, NULL);
}

/*
 * SQLite calls this when another connection holds a lock. Sleeps with blocking_sleep, so that other
 * requests are served meanwhile. Returns 0 when the lock timeout has passed.
 */
static int on_busy(void *arg, int tries)
{
	static const long naps_ms[] = {1, 2, 5, 10, 15, 20, 25, 50};
	const int last = sizeof(naps_ms) / sizeof(naps_ms[0]) - 1;
	struct connection *db = arg;

	if (tries == 0)
		lite(db)->busy_until = clock_monotonic_ms() + lite(db)->lock_timeout_now_ms;
	long left_ms = (long)clock_left_ms(lite(db)->busy_until);
	long nap_ms = naps_ms[tries < last ? tries : last];

	return left_ms > 0 && blocking_sleep(nap_ms < left_ms ? nap_ms : left_ms);
}

static void set_options(struct connection *db)
{
	sqlite3_db_config(lite(db)->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(lite(db)->sqlite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(lite(db)->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_busy_handler(lite(db)->sqlite, on_busy, db);
}

/*
 * ---- fold(text): a function for SQL, because SQLite's lower() works for ASCII letters only ----
 */

/*
 * NULL stays NULL. A value that is not UTF-8 text is returned unchanged. A text with a NUL is also
 * returned unchanged, because a text that ended at the NUL would be a different name.
 */
static void fold(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	bool whole = text != NULL && strlen(text) == (size_t)sqlite3_value_bytes(values[0]);
	char *folded = NULL;
	struct error why = {0};

	(void)n;
	if (whole && name_fold(text, &folded, &why) == STATUS_OK)
		sqlite3_result_text(context, folded, -1, free);
	else if (why.status == STATUS_INTERNAL)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_value(context, values[0]);
}

static enum status add_functions(struct connection *db, struct error *err)
{
	int code = sqlite3_create_function_v2(lite(db)->sqlite, "fold", 1,
					      SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, fold, NULL,
					      NULL, NULL);

	return code == SQLITE_OK ? STATUS_OK : sqlite_failed(db, code, err);
}

/* ---- open, close ---- */

enum status sqlite_open(struct connection *db, int flags, struct error *err)
{
	struct stat st;
	int code = open_file(db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE);

	if (code != SQLITE_OK)
		return sqlite_failed(db, code, err);
	if (stat(db->path, &st) != 0)
		return sqlite_failed(db, SQLITE_CANTOPEN, err);
	lite(db)->device = st.st_dev;
	lite(db)->inode = st.st_ino;
	set_options(db);
	return add_functions(db, err);
}

struct connection *sqlite_connection_new(const char *path, int lock_timeout_ms)
{
	struct sqlite_connection *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return NULL;
	new->common.kind = &database_sqlite;
	new->lock_timeout_ms = new->lock_timeout_now_ms = lock_timeout_ms;
	new->common.path = strdup(path);
	if (new->common.path == NULL) {
		free(new);
		return NULL;
	}
	return &new->common;
}

static enum status connect(struct connection *db, enum connection_kind kind, struct error *err)
{
	enum status status = sqlite_file_check(db->path, err);

	if (status != STATUS_OK)
		return status;
	if (kind == CONNECTION_DURABLE)
		sqlite_file_mend_sides(db->path);
	status = sqlite_open(db, SQLITE_OPEN_READWRITE, err);
	if (status == STATUS_OK)
		status = sqlite_set_up(db, kind, &db->schema, err);
	/* SQLite creates files with the mode of the database, and that mode can be read-only. */
	if (kind == CONNECTION_DURABLE && sqlite_file_check_writable(db->path, NULL) != STATUS_OK)
		sqlite_file_mend_sides(db->path);
	return status;
}

static enum status sqlite_connect(const struct store_location *location, enum connection_kind kind,
				  struct connection **out, enum connection_fault *fault,
				  struct error *err)
{
	struct connection *db = sqlite_connection_new(
	    location->database,
	    kind == CONNECTION_DURABLE ? DURABLE_LOCK_TIMEOUT_MS : DISPOSABLE_LOCK_TIMEOUT_MS);

	if (db == NULL)
		return error_no_memory(err);
	enum status status = connect(db, kind, err);
	if (status == STATUS_OK) {
		*out = db;
		return STATUS_OK;
	}
	if (fault != NULL)
		*fault = db->fault;
	sqlite_close(db);
	return status;
}

void sqlite_close(struct connection *db)
{
	for (int i = 0; i < QUERY_COUNT; i++)
		sqlite3_finalize(lite(db)->statements[i].prepared);
	sqlite3_close(lite(db)->sqlite);
	free(db->path);
	free(db);
}

/* ---- constant SQL without parameters ---- */

enum status sqlite_script(struct connection *db, const char *sql, struct error *err)
{
	int code = sqlite3_exec(lite(db)->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? STATUS_OK : sqlite_failed(db, code, err);
}

enum status sqlite_ask(struct connection *db, const char *sql, int *number, char **text,
		       struct error *err)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = STATUS_OK;
	char *copy = NULL;
	int code = sqlite3_prepare_v3(lite(db)->sqlite, sql, -1, 0, &prepared, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(prepared);
	if (code != SQLITE_ROW) {
		status = sqlite_failed(db, code, err);
		goto out;
	}
	const char *value = (const char *)sqlite3_column_text(prepared, 0);
	copy = strdup(value != NULL ? value : "");
	if (copy == NULL) {
		status = error_no_memory(err);
		goto out;
	}
	if (number != NULL)
		*number = sqlite3_column_int(prepared, 0);
	if (text != NULL) {
		*text = copy;
		copy = NULL;
	}
out:
	free(copy);
	sqlite3_finalize(prepared);
	return status;
}

/* ---- state of a connection ---- */

static bool sqlite_current(const struct connection *db)
{
	struct stat st;

	return stat(db->path, &st) == 0 && st.st_dev == lite(db)->device &&
	       st.st_ino == lite(db)->inode;
}

static int out_of_time(void *deadline)
{
	return clock_left_ms(*(const int64_t *)deadline) == 0;
}

static enum status sqlite_verify(struct connection *db, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + VERIFY_S * 1000;
	struct error why;
	char *verdict = NULL;

	sqlite3_progress_handler(lite(db)->sqlite, STEPS_PER_LOOK, out_of_time, &deadline);
	enum status status = sqlite_ask(db, "PRAGMA quick_check(1)", NULL, &verdict, &why);
	sqlite3_progress_handler(lite(db)->sqlite, 0, NULL, NULL);
	if (status != STATUS_OK && sqlite3_errcode(lite(db)->sqlite) == SQLITE_INTERRUPT)
		return STATUS_OK; /* the part that was checked has no damage */
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	if (verdict != NULL && strcmp(verdict, "ok") != 0) {
		db->fault = FAULT_DAMAGED;
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: the file is damaged (%s): stop the program, keep the "
				   "damaged file, and restore a backup",
				   db->path, verdict);
	}
	free(verdict);
	return status;
}

void sqlite_lock_timeout(struct connection *db, int milliseconds)
{
	lite(db)->lock_timeout_now_ms = milliseconds;
}

/* ---- transactions ---- */

/*
 * Uses BEGIN IMMEDIATE, which takes the write lock at once. Without IMMEDIATE, a transaction would
 * begin as a reader. If such a transaction wrote later, SQLite could refuse the write at once,
 * without waiting for locks.
 */
static enum status sqlite_begin(struct connection *db, const struct store_key *key,
				struct error *err)
{
	(void)key; /* SQLite allows only one writer, even with different keys */
	return sqlite_script(db, "BEGIN IMMEDIATE", err);
}

static void reset_statements(struct connection *db)
{
	for (int i = 0; i < QUERY_COUNT; i++) {
		struct statement *s = &lite(db)->statements[i];
		if (!s->active)
			continue;
		sqlite3_reset(s->prepared);
		sqlite3_clear_bindings(s->prepared);
		s->active = false;
	}
}

static void sqlite_rollback(struct connection *db)
{
	reset_statements(db);
	if (!sqlite3_get_autocommit(lite(db)->sqlite)) /* SQLite rolls back after some failures */
		sqlite3_exec(lite(db)->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

static enum status sqlite_commit(struct connection *db, struct error *err)
{
	reset_statements(db);
	enum status status = sqlite_script(db, "COMMIT", err);
	if (status != STATUS_OK)
		sqlite_rollback(db);
	return status;
}

static void sqlite_reset(struct connection *db)
{
	sqlite_rollback(db);
	lite(db)->lock_timeout_now_ms = lite(db)->lock_timeout_ms;
}

const struct database_kind database_sqlite = {
    .location_check = sqlite_location_check,
    .location_beside = sqlite_location_beside,
    .location_room = sqlite_location_room,
    .location_create = sqlite_location_create,
    .location_on_network = sqlite_location_on_network,
    .open = sqlite_connect,
    .close = sqlite_close,
    .current = sqlite_current,
    .script = sqlite_script,
    .ask = sqlite_ask,
    .verify = sqlite_verify,
    .lock_timeout = sqlite_lock_timeout,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .reset = sqlite_reset,
    .copy = sqlite_copy,
    .lock_out = sqlite_lock_out,
    .schema = sqlite_schema,
    .set_schema = sqlite_set_schema,
    .find = sqlite_find,
    .run = sqlite_run,
    .list = sqlite_list,
};
