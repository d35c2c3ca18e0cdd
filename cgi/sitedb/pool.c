/*
 * The connections of this process to the databases of all sites. Each server has a list of idle
 * connections, and a count of its open connections.
 */
#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/blocking.h"
#include "sitedb/sitedb.h"

#define STATEMENTS_MAX 8    /* maximum for one connection; a site has up to five queries */
#define TAKE_WAIT_MS   1000 /* longest wait for a connection; as long as the slowest statement */
#define REST_MS        1000

struct sitedb_connection {
	struct sitedb_connection *next; /* next in a list of idle connections */
	struct sitedb_server *server;   /* borrowed; the source holds the reference */
	const struct sitedb_kind *kind;
	char *key;    /* owned */
	void *handle; /* owned; made by kind->open */
	int64_t idle_since_ms;
	struct {
		uint64_t id;
		void *statement; /* owned by handle */
	} statements[STATEMENTS_MAX];
	size_t n_statements;
};

struct sitedb_server {
	size_t users; /* number of references; protected by servers_lock */
	pthread_mutex_t lock;
	/* signaled when a connection is returned or closed, and by sitedb_server_rest */
	pthread_cond_t given;
	/* lock protects the members below, except address */
	struct sitedb_connection *idle; /* the most recently returned connection is first */
	long n_idle;
	long n_open; /* includes idle connections, and connections that are being opened */
	int64_t rest_until_ms;
	char address[]; /* constant after creation */
};

static pthread_mutex_t servers_lock = PTHREAD_MUTEX_INITIALIZER;
static void *servers; /* the root of a tree of tsearch(3) */

/* ---- servers ---- */

static int server_compare(const void *a, const void *b)
{
	const struct sitedb_server *first = a, *second = b;

	return strcmp(first->address, second->address);
}

static struct sitedb_server *server_new(const char *address)
{
	struct sitedb_server *server = calloc(1, sizeof(*server) + strlen(address) + 1);

	if (server == NULL)
		return NULL;
	memcpy(server->address, address, strlen(address) + 1);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->given, NULL);
	return server;
}

static void server_free(struct sitedb_server *server)
{
	if (server == NULL)
		return;
	pthread_cond_destroy(&server->given);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

enum status sitedb_server_get(const char *address, struct sitedb_server **out, struct error *err)
{
	struct sitedb_server *server = server_new(address), **node = NULL;

	if (server == NULL)
		return error_no_memory(err);
	pthread_mutex_lock(&servers_lock);
	node = tsearch(server, &servers, server_compare);
	if (node != NULL) {
		(*node)->users++;
		*out = *node;
	}
	pthread_mutex_unlock(&servers_lock);
	if (node == NULL || *out != server)
		server_free(server);
	return node != NULL ? STATUS_OK : error_no_memory(err);
}

void sitedb_server_release(struct sitedb_server *server)
{
	if (server == NULL)
		return;
	pthread_mutex_lock(&servers_lock);
	bool last = --server->users == 0;
	if (last)
		tdelete(server, &servers, server_compare);
	pthread_mutex_unlock(&servers_lock);
	if (last)
		server_free(server);
}

void sitedb_server_rest(struct sitedb_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->rest_until_ms = clock_monotonic_ms() + REST_MS;
	pthread_cond_broadcast(&server->given); /* so that no thread waits for this server */
	pthread_mutex_unlock(&server->lock);
}

/* ---- connections ---- */

static void connection_free(struct sitedb_connection *connection)
{
	if (connection == NULL)
		return;
	if (connection->handle != NULL)
		connection->kind->close(connection->handle);
	free(connection->key);
	free(connection);
}

/* Closes the connections of a list that was taken from a server. The caller holds no lock. */
static void list_free(struct sitedb_connection *list)
{
	while (list != NULL) {
		struct sitedb_connection *next = list->next;
		connection_free(list);
		list = next;
	}
}

/*
 * Says which idle connections list_pick takes. A connection must match both key and before_ms.
 * `which` says whether list_pick takes all matching connections, only the first, or only the last.
 */
struct pick {
	const char *key; /* NULL to match any key */
	/* matches a connection idle since this time or earlier; INT64_MAX for any time */
	int64_t before_ms;
	enum { PICK_ALL, PICK_FIRST, PICK_LAST } which;
};

/*
 * Takes connections from the server's list of idle connections. The caller holds the server's lock.
 */
static struct sitedb_connection *list_pick(struct sitedb_server *server, struct pick pick)
{
	struct sitedb_connection *taken = NULL, **last = NULL;

	for (struct sitedb_connection **at = &server->idle; *at != NULL;) {
		struct sitedb_connection *connection = *at;
		bool match = (pick.key == NULL || strcmp(connection->key, pick.key) == 0) &&
			     connection->idle_since_ms <= pick.before_ms;

		last = match ? at : last;
		if (!match || pick.which == PICK_LAST) {
			at = &connection->next;
			continue;
		}
		*at = connection->next;
		connection->next = taken;
		taken = connection;
		server->n_idle--;
		if (pick.which == PICK_FIRST)
			break;
	}
	if (pick.which == PICK_LAST && last != NULL) {
		taken = *last;
		*last = taken->next;
		taken->next = NULL;
		server->n_idle--;
	}
	return taken;
}

static long list_length(const struct sitedb_connection *list)
{
	long length = 0;

	for (; list != NULL; list = list->next)
		length++;
	return length;
}

/*
 * Takes an idle connection. If no connection is idle, but the caller is allowed to open a new
 * connection, sets *out to NULL. The caller holds the lock, and must close the connections in
 * *closed after it has released the lock.
 */
static enum status take_locked(const struct sitedb_source *source, int64_t until_ms,
			       struct sitedb_connection **out, struct sitedb_connection **closed,
			       struct error *err)
{
	struct sitedb_server *server = source->server;
	int rc = 0;

	for (;;) {
		*out = list_pick(server, (struct pick){source->key, INT64_MAX, PICK_FIRST});
		if (*out != NULL)
			return STATUS_OK;
		if (clock_left_ms(server->rest_until_ms) > 0)
			return error_set(err, STATUS_UNAVAILABLE,
					 "the server did not answer a moment ago; prebind will try "
					 "again in a second");
		if (server->n_open < source->connections_max) {
			server->n_open++;
			return STATUS_OK;
		}
		*closed = list_pick(server, (struct pick){NULL, INT64_MAX, PICK_LAST});
		if (*closed != NULL)
			return STATUS_OK; /* n_open counts the new connection instead of *closed */
		if (rc == EBUSY)
			return blocking_refused(err);
		if (rc != 0)
			return error_set(
			    err, STATUS_UNAVAILABLE,
			    source->kind->is_file
				? "all %ld connections to the database file were in use for %d ms; "
				  "check whether the site locks the database for this long"
				: "all %ld connections to the database server were in use for %d "
				  "ms; raise site_connections_max if the server allows more "
				  "connections",
			    source->connections_max, TAKE_WAIT_MS);
		rc = blocking_wait(&server->given, &server->lock, until_ms);
	}
}

/*
 * Wakes all waiting threads. If only one thread were woken, that thread might not be allowed to
 * open a connection, because its site has a lower limit.
 */
static void permits_give(struct sitedb_server *server, long permits)
{
	pthread_mutex_lock(&server->lock);
	server->n_open -= permits;
	pthread_cond_broadcast(&server->given);
	pthread_mutex_unlock(&server->lock);
}

static enum status connection_new(const struct sitedb_source *source, int64_t until_ms,
				  struct sitedb_connection **out, struct error *err)
{
	struct sitedb_connection *connection = calloc(1, sizeof(*connection));
	enum status status = STATUS_OK;

	if (connection == NULL || (connection->key = strdup(source->key)) == NULL)
		status = error_no_memory(err);
	if (status == STATUS_OK) {
		connection->kind = source->kind;
		connection->server = source->server;
	}
	if (status == STATUS_OK && source->kind->missing != NULL) {
		status = error_set(
		    err, STATUS_UNAVAILABLE,
		    "this prebind was built without %s; install %s, and build prebind again",
		    source->kind->name, source->kind->missing);
	} else if (status == STATUS_OK) {
		status = source->kind->open(source, until_ms, &connection->handle, err);
	}
	if (status == STATUS_OK) {
		*out = connection;
		return status;
	}
	connection_free(connection);
	permits_give(source->server, 1);
	return status;
}

enum status sitedb_take(const struct sitedb_source *source, int64_t until_ms,
			struct sitedb_connection **out, bool *fresh, struct error *err)
{
	struct sitedb_server *server = source->server;
	struct sitedb_connection *connection = NULL, *closed = NULL;
	int64_t wait_ms = clock_monotonic_ms() + TAKE_WAIT_MS;

	pthread_mutex_lock(&server->lock);
	enum status status =
	    take_locked(source, wait_ms < until_ms ? wait_ms : until_ms, &connection, &closed, err);
	pthread_mutex_unlock(&server->lock);
	list_free(closed);
	if (status != STATUS_OK)
		return status;
	if (connection != NULL && source->kind->is_current != NULL &&
	    !source->kind->is_current(connection->handle)) {
		connection_free(connection); /* n_open now counts the new connection */
		connection = NULL;
	}
	*fresh = connection == NULL;
	if (connection == NULL)
		status = connection_new(source, until_ms, &connection, err);
	if (status == STATUS_OK)
		*out = connection;
	return status;
}

/*
 * Removes from the list the connections that have been idle for too long, and returns them. The
 * caller holds the lock.
 */
static struct sitedb_connection *take_old(struct sitedb_server *server,
					  const struct sitedb_kind *kind, int64_t now_ms)
{
	if (kind->idle_ms == 0)
		return NULL;
	return list_pick(server, (struct pick){NULL, now_ms - kind->idle_ms, PICK_ALL});
}

void sitedb_give(struct sitedb_connection *connection, bool keep)
{
	struct sitedb_server *server = connection->server;
	const struct sitedb_kind *kind = connection->kind;
	struct sitedb_connection *closed;
	int64_t now_ms = clock_monotonic_ms();

	pthread_mutex_lock(&server->lock);
	closed = take_old(server, kind, now_ms);
	long permits = list_length(closed);
	keep = keep && (kind->idle_max == 0 || server->n_idle < kind->idle_max);
	if (keep) {
		connection->idle_since_ms = now_ms;
		connection->next = server->idle;
		server->idle = connection;
		server->n_idle++;
		pthread_cond_signal(&server->given);
	}
	pthread_mutex_unlock(&server->lock);
	list_free(closed);
	if (!keep)
		connection_free(connection);
	if (permits > 0 || !keep)
		permits_give(server, permits + (keep ? 0 : 1));
}

void *sitedb_handle(const struct sitedb_connection *connection)
{
	return connection->handle;
}

enum status sitedb_statement(struct sitedb_connection *connection,
			     const struct site_query_text *text, uint64_t id, int64_t until_ms,
			     void **out, struct error *err)
{
	size_t n = connection->n_statements;

	for (size_t i = 0; i < n; i++) {
		if (connection->statements[i].id != id)
			continue;
		*out = connection->statements[i].statement;
		return STATUS_OK;
	}
	/* happens only after many reloads; the caller then closes the connection */
	if (n == STATEMENTS_MAX)
		return error_set(err, STATUS_UNAVAILABLE,
				 "a database connection has too many prepared statements");
	enum status status =
	    connection->kind->prepare(connection->handle, text, until_ms, out, err);
	if (status != STATUS_OK)
		return status;
	connection->statements[n].id = id;
	connection->statements[n].statement = *out;
	connection->n_statements++;
	return status;
}

void sitedb_forget(const struct sitedb_source *source)
{
	struct sitedb_server *server = source->server;
	struct sitedb_connection *closed;

	pthread_mutex_lock(&server->lock);
	closed = list_pick(server, (struct pick){source->key, INT64_MAX, PICK_ALL});
	pthread_mutex_unlock(&server->lock);
	long permits = list_length(closed);
	list_free(closed);
	if (permits > 0)
		permits_give(server, permits);
}
