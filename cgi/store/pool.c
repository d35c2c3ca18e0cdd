/*
 * The pool of connections. It opens a connection when one is needed, up to a maximum. It lends the
 * connection to one function at a time, and keeps it open afterwards. If all connections are lent,
 * a borrower waits for a limited time. The pool also detects a damaged or replaced file, and then
 * refuses all borrowers.
 *
 * An SQLite file allows only one writer at a time. SQLite lets waiting writers retry in any order,
 * so some could wait very long. So the writers of one process wait here, before they borrow a
 * connection. If the connection to a server is lost, the pool opens a new one.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/blocking.h"
#include "store/database_site.h"
#include "store/connection.h"

#define REST_MS 1000

struct store {
	/* A reader uses only the next two members. */
	struct store *whole;            /* the store that a reader reads; NULL in other stores */
	struct connection *kept;        /* the connection that a reader has borrowed, or NULL */
	struct store_location location; /* its strings are owned */
	char *site;                     /* the site that owns the database */
	bool is_server;
	pthread_mutex_t lock;   /* protects all members below */
	pthread_cond_t back;    /* signals that a connection was returned, or can be opened */
	pthread_cond_t written; /* signals that a writer has finished */
	bool writing;
	const struct connection *writer; /* NULL until the writer has a connection */
	struct connection *idle[STORE_CONNECTIONS_MAX];
	int idle_count;
	int open_count; /* connections that are idle, lent or being opened */
	/*
	 * After a server has failed to answer in time, no query is sent to the server until this
	 * time. Otherwise waiting requests would pile up. Monotonic.
	 */
	int64_t rest_until_ms;
	bool damaged; /* never cleared, because further use could make the damage worse */
};

/* ---- schema ---- */

static enum status check_schema(const struct connection *db, struct error *err)
{
	const char *path = connection_path(db);
	int schema = connection_schema_opened(db);

	if (schema == store_schema())
		return STATUS_OK;
	if (schema == 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: this database is empty: run prebindctl migrate", path);
	if (schema < store_schema())
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: the database has schema %d, but this program needs %d: run "
				 "prebindctl migrate",
				 path, schema, store_schema());
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: the database has schema %d, but this program supports only schemas "
			 "up to %d: install a newer version of prebind, or restore a backup",
			 path, schema, store_schema());
}

static enum status connect(struct store *store, struct connection **out,
			   enum connection_fault *fault, struct error *err)
{
	struct connection *db;
	enum status status = connection_open(&store->location, CONNECTION_DURABLE, &db, fault, err);

	if (status != STATUS_OK)
		return status;
	status = check_schema(db, err);
	if (status == STATUS_OK)
		status = database_site_check(db, store->site, err);
	if (status != STATUS_OK) {
		connection_close(db);
		return status;
	}
	*out = db;
	return STATUS_OK;
}

/* ---- open, close ---- */

enum status store_open(const struct store_location *location, const char *site, struct store **out,
		       struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	const char *password_file = location->password_file != NULL ? location->password_file : "";

	if (store == NULL)
		return error_no_memory(err);
	pthread_cond_init(&store->back, NULL);
	pthread_cond_init(&store->written, NULL);
	pthread_mutex_init(&store->lock, NULL);
	store->is_server = connection_location_is_server(location->database);
	store->location.database = strdup(location->database);
	store->location.password_file = strdup(password_file);
	store->site = strdup(site);
	enum status status = store->location.database != NULL &&
				     store->location.password_file != NULL && store->site != NULL
				 ? connect(store, &store->idle[0], NULL, err)
				 : error_no_memory(err);
	if (status != STATUS_OK) {
		store_close(store);
		return status;
	}
	store->idle_count = store->open_count = 1;
	if (connection_location_on_network(location->database))
		log_event(LOG_LEVEL_WARN, "database_on_network", "path", location->database, NULL);
	*out = store;
	return STATUS_OK;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	for (int i = 0; i < store->idle_count; i++)
		connection_close(store->idle[i]);
	pthread_cond_destroy(&store->written);
	pthread_cond_destroy(&store->back);
	pthread_mutex_destroy(&store->lock);
	free(store->site);
	free((char *)store->location.password_file);
	free((char *)store->location.database);
	free(store);
}

static struct store *whole(struct store *store)
{
	return store->whole != NULL ? store->whole : store;
}

bool store_is_server(const struct store *store)
{
	return store->whole != NULL ? store->whole->is_server : store->is_server;
}

/* ---- borrow, return ---- */

/*
 * Takes an idle connection, and waits for one if all connections are lent. If *out is NULL after
 * STATUS_OK, the caller must open a new connection.
 */
static enum status take_place(struct store *store, struct connection **out, struct error *err)
{
	int64_t until_ms = clock_monotonic_ms() + STORE_BORROW_WAIT_MS;
	enum status status = STATUS_OK;
	int waited = 0;

	pthread_mutex_lock(&store->lock);
	while (!store->damaged && store->idle_count == 0 &&
	       store->open_count == STORE_CONNECTIONS_MAX && waited == 0)
		waited = blocking_wait(&store->back, &store->lock, until_ms);
	if (store->damaged) {
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: the database is damaged and no longer used: stop the "
				   "program, keep the damaged file, and restore a backup",
				   store->location.database);
	} else if (clock_left_ms(store->rest_until_ms) > 0) {
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: the server did not answer a moment ago; prebind will try "
				   "again in a second",
				   store->location.database);
	} else if (store->idle_count > 0) {
		*out = store->idle[--store->idle_count];
	} else if (store->open_count < STORE_CONNECTIONS_MAX) {
		store->open_count++;
		*out = NULL;
	} else if (waited == EBUSY) {
		status = blocking_refused(err);
	} else {
		status = error_set(
		    err, STATUS_UNAVAILABLE,
		    "%s: all %d connections were busy for %d ms: check whether the %s is slow",
		    store->location.database, STORE_CONNECTIONS_MAX, STORE_BORROW_WAIT_MS,
		    store->is_server ? "server" : "disk");
	}
	pthread_mutex_unlock(&store->lock);
	return status;
}

/* Lets the next writer begin. The caller holds the lock. */
static void writer_end(struct store *store)
{
	store->writing = false;
	store->writer = NULL;
	pthread_cond_signal(&store->written);
}

/*
 * Puts the connection back, or closes it if it cannot be used again. If db is NULL, the caller
 * could not open a connection, and the next borrower can try to open one.
 */
static void give_place(struct store *store, struct connection *db, enum connection_fault fault)
{
	struct connection *useless = fault == FAULT_UNREAD ? db : NULL;
	bool found_damage = false;

	pthread_mutex_lock(&store->lock);
	if (fault == FAULT_DAMAGED) {
		found_damage = !store->damaged;
		store->damaged = true;
	}
	if (fault == FAULT_SILENT)
		store->rest_until_ms = clock_monotonic_ms() + REST_MS;
	if (db != NULL && db == store->writer)
		writer_end(store);
	if (db != NULL && useless == NULL)
		store->idle[store->idle_count++] = db;
	else
		store->open_count--;
	if (store->damaged || fault == FAULT_SILENT)
		pthread_cond_broadcast(&store->back); /* wakes all borrowers, to refuse them */
	else
		pthread_cond_signal(&store->back);
	pthread_mutex_unlock(&store->lock);
	connection_close(useless);
	if (found_damage)
		log_event(LOG_LEVEL_ERROR, "database_damaged", "path", store->location.database,
			  NULL);
}

static enum status borrow(struct store *store, struct connection **out, struct error *err)
{
	struct connection *db;
	enum connection_fault fault = FAULT_NONE;
	enum status status = take_place(store, &db, err);

	if (status != STATUS_OK)
		return status;
	if (db != NULL && store->is_server && !connection_current(db)) {
		connection_close(db); /* open_count stays, because a new connection follows */
		db = NULL;
	}
	if (db == NULL) {
		status = connect(store, &db, &fault, err);
		if (status != STATUS_OK)
			give_place(store, NULL, fault);
	} else if (!store->is_server && !connection_current(db)) {
		/*
		 * Do not open the new file. Other processes might still use the old file, together
		 * with a log that has the same path.
		 */
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: the database was deleted, moved or replaced while in use: "
				   "put the right file back and restart the program",
				   store->location.database);
		give_place(store, db, FAULT_NONE);
	}
	if (status == STATUS_OK)
		*out = db;
	return status;
}

enum status store_borrow(struct store *store, struct connection **out, struct error *err)
{
	enum status status = STATUS_OK;

	if (store->whole == NULL)
		return borrow(store, out, err);
	if (store->kept == NULL)
		status = borrow(store->whole, &store->kept, err);
	if (status == STATUS_OK)
		*out = store->kept;
	return status;
}

void store_return(struct store *store, struct connection *db)
{
	if (db == store->kept)
		return; /* the reader keeps the connection, and its read lock, for the next query */
	connection_reset(db);
	give_place(whole(store), db, connection_fault(db));
}

/* ---- readers ---- */

enum status store_reader_new(struct store *store, struct store **out, struct error *err)
{
	struct store *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return error_no_memory(err);
	reader->whole = store;
	*out = reader;
	return STATUS_OK;
}

void store_rest(struct store *reader)
{
	struct connection *db = reader != NULL ? reader->kept : NULL;

	if (db == NULL)
		return;
	reader->kept = NULL;
	store_return(reader, db);
}

void store_reader_free(struct store *reader)
{
	if (reader == NULL)
		return;
	store_rest(reader);
	free(reader);
}

/* ---- writers ---- */

static enum status writer_begin(struct store *store, struct error *err)
{
	int64_t until_ms = clock_monotonic_ms() + STORE_BORROW_WAIT_MS;
	int waited = 0;
	bool mine;

	pthread_mutex_lock(&store->lock);
	while (store->writing && waited == 0)
		waited = blocking_wait(&store->written, &store->lock, until_ms);
	mine = !store->writing;
	store->writing = true;
	pthread_mutex_unlock(&store->lock);
	if (mine)
		return STATUS_OK;
	if (waited == EBUSY)
		return blocking_refused(err);
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: other threads were writing to the database for %d ms: check whether "
			 "the disk is slow",
			 store->location.database, STORE_BORROW_WAIT_MS);
}

/* Makes the caller the writer until the connection is returned, or until this function fails. */
static enum status borrow_writer(struct store *store, struct connection **out, struct error *err)
{
	if (store->is_server)
		return borrow(store, out, err);
	enum status status = writer_begin(store, err);
	if (status != STATUS_OK)
		return status;
	status = borrow(store, out, err);
	pthread_mutex_lock(&store->lock);
	if (status == STATUS_OK)
		store->writer = *out;
	else
		writer_end(store);
	pthread_mutex_unlock(&store->lock);
	return status;
}

enum status store_begin(struct store *store, const struct store_key *key, struct connection **out,
			struct error *err)
{
	struct connection *db;

	store_rest(store); /* needed if there is no write-ahead log: a reader then blocks writers */
	store = whole(store);
	enum status status = borrow_writer(store, &db, err);
	if (status != STATUS_OK)
		return status;
	status = connection_begin(db, key, err);
	if (status != STATUS_OK) {
		store_return(store, db);
		return status;
	}
	*out = db;
	return STATUS_OK;
}

enum status store_end(struct store *store, struct connection *db, enum status status,
		      struct error *err)
{
	if (status == STATUS_OK)
		status = connection_commit(db, err);
	store_return(store, db); /* rolls back if the transaction is still open */
	return status;
}

/* ---- for /health and the start ---- */

enum status store_check_file(const char *path, struct error *err)
{
	return connection_location_check(path, err);
}

enum status store_ping(struct store *store, struct error *err)
{
	int64_t ignored;

	return store_find(store, QUERY_PING, NO_VALUES, &ignored, err);
}

enum status store_verify(struct store *store, struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = connection_verify(db, err);
	store_return(store, db);
	return status;
}

enum status store_write_check(struct store *store, struct error *err)
{
	struct connection *db;
	enum status status = store_borrow(store, &db, err);

	if (status != STATUS_OK)
		return status;
	status = connection_begin(db, &(struct store_key){.scope = KEY_DATABASE}, err);
	if (status == STATUS_OK)
		connection_rollback(db);
	store_return(store, db);
	return status == STATUS_OK ? connection_location_room(store->location.database, err)
				   : status;
}

enum status store_files_check(const char *path, struct error *err)
{
	return connection_location_beside(path, err);
}
