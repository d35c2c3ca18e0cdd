/*
 * The file of the limits. Creates, opens and repairs the file, and runs each query of limit.c in
 * one transaction. The file can be deleted or damaged at any time. Then an empty file is created,
 * because losing the limits does little harm. limit.c defines what the file's table contains. A
 * server's database has the same tables and needs no file.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/blocking.h"
#include "store/limit.h"
#include "store/limit_file.h"

#define LIMIT_SCHEMA     2
#define LIMIT_SUFFIX     ".limits"
#define TURN_WAIT_MS     2000 /* wait for another thread, which itself can wait for a process */
#define LIMIT_EVICT_ROWS 256  /* rows to delete when the file has its maximum size */

static const char limit_tables[] = "CREATE TABLE bucket ("
				   " id      BLOB    NOT NULL PRIMARY KEY,"
				   " credit  INTEGER NOT NULL,"
				   " stamp   INTEGER NOT NULL,"
				   " full_at INTEGER NOT NULL"
				   ") STRICT, WITHOUT ROWID;"
				   "CREATE INDEX bucket_full ON bucket (full_at);"
				   "CREATE TABLE upstream ("
				   " url   TEXT NOT NULL PRIMARY KEY,"
				   " state TEXT NOT NULL"
				   ") STRICT, WITHOUT ROWID";

struct limit_store {
	struct store *in; /* borrowed; the server's database that has the tables; NULL for a file */
	char *path;       /* the file's path; NULL for a server's database */
	pthread_mutex_t lock;  /* only one query at a time; a query usually takes microseconds */
	struct connection *db; /* NULL while closed */
	bool only_looks;       /* true if the file must not be created or changed */
};

static enum status ask_in_transaction(struct connection *db, const struct limit_file_call *call,
				      struct error *err)
{
	enum status status = connection_begin(db, &call->key, err);

	if (status != STATUS_OK)
		return status;
	status = call->ask(db, call->arg, err);
	if (status == STATUS_OK)
		return connection_commit(db, err);
	connection_rollback(db);
	return status;
}

static enum status evict(struct connection *db, struct error *err)
{
	enum status status =
	    connection_run(db, QUERY_LIMIT_EVICT, VALUES(as_integer(LIMIT_EVICT_ROWS)), NULL, err);

	connection_reset(db);
	return status;
}

/* ---- the file ---- */

/*
 * Creates the tables if they are missing. Begins a write transaction only in that case, because
 * such a transaction waits for other writers.
 */
static enum status set_up(struct connection *db, enum connection_fault *fault, struct error *err)
{
	int schema = 0;
	enum status status = connection_schema(db, &schema, err);

	if (status == STATUS_OK && schema == LIMIT_SCHEMA)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = connection_begin(db, &(struct store_key){.scope = KEY_DATABASE}, err);
	if (status == STATUS_OK) /* another process might have created the tables meanwhile */
		status = connection_schema(db, &schema, err);
	if (status == STATUS_OK && schema == 0) {
		status = connection_script(db, limit_tables, err);
		if (status == STATUS_OK)
			status = connection_set_schema(db, LIMIT_SCHEMA, err);
	} else if (status == STATUS_OK && schema != LIMIT_SCHEMA) {
		*fault = FAULT_DAMAGED; /* the file is from another version, so replace it */
		status = error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s: the file has schema %d, which belongs to another version of prebind",
		    connection_path(db), schema);
	}
	if (status == STATUS_OK)
		return connection_commit(db, err);
	if (connection_fault(db) != FAULT_NONE)
		*fault = connection_fault(db);
	connection_rollback(db);
	return status;
}

static enum status try_open(struct limit_store *limits, enum connection_fault *fault,
			    struct error *err)
{
	struct connection *db;
	enum status status = STATUS_OK;

	if (limits->only_looks && access(limits->path, F_OK) != 0)
		return error_set(err, STATUS_NOT_FOUND, "%s: the file does not exist",
				 limits->path);
	if (!limits->only_looks)
		status = connection_location_create(limits->path, err);
	if (status == STATUS_OK)
		status = connection_open(&(struct store_location){.database = limits->path},
					 CONNECTION_DISPOSABLE, &db, fault, err);
	if (status != STATUS_OK)
		return status;
	if (!limits->only_looks)
		status = set_up(db, fault, err);
	if (status == STATUS_OK)
		limits->db = db;
	else
		connection_close(db);
	return status;
}

static void close_file(struct limit_store *limits)
{
	connection_close(limits->db);
	limits->db = NULL;
}

/*
 * Opens the file, unless it is already open and the path still leads to the open file. If the file
 * is damaged, deletes it and creates it again once, unless only_looks is set.
 */
static enum status ready(struct limit_store *limits, struct error *err)
{
	enum connection_fault fault = FAULT_NONE;

	if (limits->db != NULL && connection_current(limits->db))
		return STATUS_OK;
	close_file(limits);
	enum status status = try_open(limits, &fault, err);
	if (limits->only_looks)
		return status;
	if (status != STATUS_OK && fault == FAULT_DAMAGED && unlink(limits->path) == 0)
		status = try_open(limits, &fault, err);
	return status;
}

/*
 * Repairs the file after a query has failed, so that the caller can try again. Returns false if the
 * file cannot be repaired.
 */
static bool mend(struct limit_store *limits, enum connection_fault fault)
{
	if (limits->only_looks)
		return false;
	if (fault == FAULT_FULL)
		return evict(limits->db, NULL) == STATUS_OK;
	if (fault == FAULT_UNREAD) {
		close_file(limits);
		return ready(limits, NULL) == STATUS_OK;
	}
	if (fault != FAULT_DAMAGED)
		return false;
	/* Do not delete the file if another process has already replaced it. */
	bool mended = !connection_current(limits->db) || unlink(limits->path) == 0;
	close_file(limits);
	return mended && ready(limits, NULL) == STATUS_OK;
}

/*
 * Runs the query in a server's database. Such a database is not repaired, and queries with
 * different keys do not wait for each other.
 */
static enum status ask_server(struct store *store, const struct limit_file_call *call,
			      struct error *err)
{
	struct connection *db;
	enum status status = store_begin(store, &call->key, &db, err);

	if (status != STATUS_OK)
		return status;
	return store_end(store, db, call->ask(db, call->arg, err), err);
}

enum status limit_file_ask(struct limit_store *limits, const struct limit_file_call *call,
			   struct error *err)
{
	if (limits->in != NULL)
		return ask_server(limits->in, call, err);
	int rc = blocking_lock(&limits->lock, clock_monotonic_ms() + TURN_WAIT_MS);

	if (rc == EBUSY)
		return blocking_refused(err);
	if (rc != 0)
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s: other threads kept using the file for %d ms: check whether the disk is "
		    "slow, or whether another process keeps the file locked",
		    limits->path, TURN_WAIT_MS);
	enum status status = ready(limits, err);
	if (status == STATUS_OK) {
		status = ask_in_transaction(limits->db, call, err);
		if (status != STATUS_OK && mend(limits, connection_fault(limits->db)))
			status = ask_in_transaction(limits->db, call, err);
	}
	if (limits->db != NULL)
		connection_reset(limits->db);
	pthread_mutex_unlock(&limits->lock);
	return status;
}

/* ---- open, close ---- */

enum status limit_open_later(const char *database, struct limit_store **out, struct error *err)
{
	struct limit_store *limits = calloc(1, sizeof(*limits));

	if (limits == NULL)
		return error_no_memory(err);
	if (asprintf(&limits->path, "%s" LIMIT_SUFFIX, database) < 0) {
		free(limits);
		return error_no_memory(err);
	}
	pthread_mutex_init(&limits->lock, NULL);
	*out = limits;
	return STATUS_OK;
}

enum status limit_open_in(struct store *store, struct limit_store **out, struct error *err)
{
	struct limit_store *limits = calloc(1, sizeof(*limits));

	if (limits == NULL)
		return error_no_memory(err);
	pthread_mutex_init(&limits->lock, NULL);
	limits->in = store;
	*out = limits;
	return STATUS_OK;
}

enum status limit_open_to_look(const char *database, struct limit_store **out, struct error *err)
{
	enum status status = limit_open_later(database, out, err);

	if (status == STATUS_OK)
		(*out)->only_looks = true;
	return status;
}

enum status limit_open(const char *database, struct limit_store **out, struct error *err)
{
	struct limit_store *limits = NULL;
	enum status status = limit_open_later(database, &limits, err);

	if (status == STATUS_OK)
		status = ready(limits, err);
	if (status == STATUS_OK)
		*out = limits;
	else
		limit_close(limits);
	return status;
}

void limit_close(struct limit_store *limits)
{
	if (limits == NULL)
		return;
	close_file(limits);
	pthread_mutex_destroy(&limits->lock);
	free(limits->path);
	free(limits);
}

/* ---- the state of an upstream, whose format the caller defines ---- */

struct state_update {
	const char *url;
	upstream_state_change *change;
	void *arg;
};

/* Sets *out to the state, or to "" if there is no row. The caller frees *out. */
static enum status read_state(struct connection *db, const char *url, char **out, struct error *err)
{
	enum status status =
	    connection_find(db, QUERY_UPSTREAM_FIND, VALUES(as_text(url)), out, err);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out = strdup("");
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status update_state(struct connection *db, void *arg, struct error *err)
{
	const struct state_update *what = arg;
	struct strbuf after;
	char *before = NULL;
	enum status status = read_state(db, what->url, &before, err);

	if (status != STATUS_OK)
		return status;
	int64_t now_us = 0;
	status = connection_clock(db, clock_wall_ms() * 1000, &now_us, err);
	strbuf_init(&after);
	if (status == STATUS_OK)
		what->change(what->arg, now_us / 1000, before, &after);
	if (status == STATUS_OK && !strbuf_ok(&after))
		status = error_no_memory(err);
	else if (status == STATUS_OK && strcmp(before, after.data) != 0)
		status = connection_run(db, QUERY_UPSTREAM_SET,
					VALUES(as_text(what->url), as_text(after.data)), NULL, err);
	strbuf_clear(&after);
	free(before);
	return status;
}

enum status upstream_state_update(struct limit_store *limits, const char *url,
				  upstream_state_change *change, void *arg, struct error *err)
{
	struct state_update what = {.url = url, .change = change, .arg = arg};
	const struct limit_file_call call = {
	    .key = {.scope = KEY_UPSTREAM, .names = {url}, .disposable = true},
	    .ask = update_state,
	    .arg = &what,
	};

	return limit_file_ask(limits, &call, err);
}

enum status upstream_state_read(struct limit_store *limits, const char *url, char **out,
				int64_t *now_ms, struct error *err)
{
	struct connection *db = NULL;
	char *state = NULL;
	int64_t now_us = 0;
	enum status status = store_borrow(limits->in, &db, err);

	if (status != STATUS_OK)
		return status;
	status = read_state(db, url, &state, err);
	if (status == STATUS_OK)
		status = connection_clock(db, clock_wall_ms() * 1000, &now_us, err);
	store_return(limits->in, db);
	if (status != STATUS_OK) {
		free(state);
		return status;
	}
	*out = state;
	*now_ms = now_us / 1000;
	return STATUS_OK;
}
