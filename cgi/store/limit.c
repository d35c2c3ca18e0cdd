/*
 * Token buckets (SEC-RATE-1 … 3) in a file of their own (REL-DB-7). A bucket is counted in time:
 * its credit is the microseconds of refilling that it holds, a token costs `interval` of them, and
 * it is full at burst * interval. The file may vanish or rot at any time: it is then made anew,
 * with every bucket full. What cannot be asked, on the other hand, is refused: the caller gets
 * STATUS_UNAVAILABLE, never a guess.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "store/database_file.h"
#include "store/limit.h"
#include "store/statement.h"

#define LIMIT_SCHEMA     1
#define LIMIT_SUFFIX     ".limits"
#define LIMIT_PURGE_ROWS 8 /* full buckets dropped per token taken: more than one a token can add */
#define LIMIT_EVICT_ROWS 256 /* when the file has reached its size: those with least to forget */

static const char limit_tables[] = "CREATE TABLE bucket ("
				   " id      BLOB    NOT NULL PRIMARY KEY,"
				   " credit  INTEGER NOT NULL,"
				   " stamp   INTEGER NOT NULL,"
				   " full_at INTEGER NOT NULL"
				   ") STRICT, WITHOUT ROWID;"
				   "CREATE INDEX bucket_full ON bucket (full_at)";

struct limit_store {
	char *path;
	pthread_mutex_t lock;  /* one question at a time: each takes microseconds */
	struct connection *db; /* NULL: to be opened */
};

/* Everything about one question but the connection; times in microseconds. */
struct question {
	unsigned char id[SECRET_SHA256_LEN];
	int64_t now;
	int64_t interval; /* that one token takes to grow */
	int64_t capacity;
	bool take;
	int64_t wait; /* the answer: until there is a token; 0: there is one */
};

struct bucket {
	int64_t credit;
	int64_t stamp;
};

/* ---- one question ---- */

/*
 * A bucket that is not there is full. One from the future (the clock went back) keeps what it has,
 * from now on.
 */
static enum status bucket_read(struct connection *db, const struct question *q, struct bucket *out,
			       struct error *err)
{
	struct statement *s = statement_get(db, QUERY_LIMIT_FIND);

	statement_bind_blob(s, 1, q->id, sizeof q->id);
	enum status status = statement_row(s, err);
	if (status == STATUS_NOT_FOUND)
		*out = (struct bucket){.credit = q->capacity, .stamp = q->now};
	else if (status == STATUS_OK)
		*out = (struct bucket){
		    .credit = statement_integer(s, 0),
		    .stamp = statement_integer(s, 1),
		};
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int64_t credit_now(const struct question *q, const struct bucket *bucket)
{
	int64_t grown = q->now > bucket->stamp ? q->now - bucket->stamp : 0;
	int64_t missing = q->capacity - bucket->credit;

	return grown >= missing ? q->capacity : bucket->credit + grown;
}

static enum status bucket_write(struct connection *db, const struct question *q, int64_t credit,
				struct error *err)
{
	struct statement *s = statement_get(db, QUERY_LIMIT_SET);

	statement_bind_blob(s, 1, q->id, sizeof q->id);
	statement_bind_integer(s, 2, credit);
	statement_bind_integer(s, 3, q->now);
	statement_bind_integer(s, 4, q->now + q->capacity - credit);
	return statement_run(s, NULL, err);
}

static enum status purge(struct connection *db, const struct question *q, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_LIMIT_PURGE);

	statement_bind_integer(s, 1, q->now);
	statement_bind_integer(s, 2, LIMIT_PURGE_ROWS);
	return statement_run(s, NULL, err);
}

/* Writes only where something changed: whoever knocks at an empty bucket costs a read. */
static enum status ask(struct connection *db, struct question *q, struct error *err)
{
	struct bucket bucket;
	enum status status = bucket_read(db, q, &bucket, err);

	if (status != STATUS_OK)
		return status;
	int64_t credit = credit_now(q, &bucket);
	q->wait = credit >= q->interval ? 0 : q->interval - credit;
	bool taken = q->take && q->wait == 0;
	if (taken)
		status = purge(db, q, err);
	if (status == STATUS_OK && (taken || bucket.stamp > q->now))
		status = bucket_write(db, q, taken ? credit - q->interval : credit, err);
	return status;
}

static enum status ask_in_transaction(struct connection *db, struct question *q, struct error *err)
{
	enum status status = connection_begin(db, err);

	if (status != STATUS_OK)
		return status;
	status = ask(db, q, err);
	if (status == STATUS_OK)
		return connection_commit(db, err);
	connection_rollback(db);
	return status;
}

static enum status evict(struct connection *db, struct error *err)
{
	struct statement *s = statement_get(db, QUERY_LIMIT_EVICT);

	statement_bind_integer(s, 1, LIMIT_EVICT_ROWS);
	enum status status = statement_run(s, NULL, err);
	connection_reset(db);
	return status;
}

/* ---- the file ---- */

static enum status set_up(struct connection *db, enum connection_trouble *trouble,
			  struct error *err)
{
	int schema = 0;
	enum status status = connection_begin(db, err); /* two processes may meet here */

	if (status == STATUS_OK)
		status = connection_schema(db, &schema, err);
	if (status == STATUS_OK && schema == 0) {
		status = connection_script(db, limit_tables, err);
		if (status == STATUS_OK)
			status = connection_set_schema(db, LIMIT_SCHEMA, err);
	} else if (status == STATUS_OK && schema != LIMIT_SCHEMA) {
		*trouble = TROUBLE_DAMAGED; /* another version's; nothing in it is worth keeping */
		status = error_set(err, STATUS_UNAVAILABLE, "%s: this is schema %d",
				   connection_path(db), schema);
	}
	if (status == STATUS_OK)
		return connection_commit(db, err);
	if (connection_trouble(db) != TROUBLE_NONE)
		*trouble = connection_trouble(db);
	connection_rollback(db);
	return status;
}

static enum status try_open(struct limit_store *limits, enum connection_trouble *trouble,
			    struct error *err)
{
	struct connection *db;
	enum status status = database_file_create(limits->path, err);

	if (status == STATUS_OK)
		status = connection_open(limits->path, CONNECTION_DISPOSABLE, &db, trouble, err);
	if (status != STATUS_OK)
		return status;
	status = set_up(db, trouble, err);
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

/* Open and still the file of that name; a damaged one is thrown away once. */
static enum status ready(struct limit_store *limits, struct error *err)
{
	enum connection_trouble trouble = TROUBLE_NONE;

	if (limits->db != NULL && connection_current(limits->db))
		return STATUS_OK;
	close_file(limits);
	enum status status = try_open(limits, &trouble, err);
	if (status != STATUS_OK && trouble == TROUBLE_DAMAGED && unlink(limits->path) == 0)
		status = try_open(limits, &trouble, err);
	return status;
}

/* What went wrong with the question, mended: the caller asks once more. False: it cannot be. */
static bool mend(struct limit_store *limits, enum connection_trouble trouble)
{
	if (trouble == TROUBLE_FULL)
		return evict(limits->db, NULL) == STATUS_OK;
	if (trouble != TROUBLE_DAMAGED)
		return false;
	/* By now it may be another process's new file: that one is sound. */
	bool mended = !connection_current(limits->db) || unlink(limits->path) == 0;
	close_file(limits);
	return mended && ready(limits, NULL) == STATUS_OK;
}

static enum status ask_file(struct limit_store *limits, struct question *q, struct error *err)
{
	pthread_mutex_lock(&limits->lock);
	enum status status = ready(limits, err);
	if (status == STATUS_OK) {
		status = ask_in_transaction(limits->db, q, err);
		if (status != STATUS_OK && mend(limits, connection_trouble(limits->db)))
			status = ask_in_transaction(limits->db, q, err);
	}
	if (limits->db != NULL)
		connection_reset(limits->db);
	pthread_mutex_unlock(&limits->lock);
	return status;
}

/* ---- the header's functions ---- */

enum status limit_open(const char *database, struct limit_store **out, struct error *err)
{
	struct limit_store *limits = calloc(1, sizeof *limits);

	if (limits == NULL)
		return error_no_memory(err);
	pthread_mutex_init(&limits->lock, NULL);
	enum status status = STATUS_OK;
	if (asprintf(&limits->path, "%s" LIMIT_SUFFIX, database) < 0) {
		limits->path = NULL;
		status = error_no_memory(err);
	}
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

/* The NUL between them keeps ("a", "bc") and ("ab", "c") apart. */
static enum status hash_key(const struct limit_key *key, unsigned char out[SECRET_SHA256_LEN],
			    struct error *err)
{
	struct strbuf text;
	enum status status = STATUS_OK;

	strbuf_init(&text);
	strbuf_add(&text, key->scope, strlen(key->scope) + 1);
	strbuf_adds(&text, key->key);
	if (strbuf_ok(&text))
		secret_sha256(out, text.data, text.len);
	else
		status = error_no_memory(err);
	strbuf_clear(&text);
	return status;
}

/* What both functions of the header do. */
struct asker {
	const struct limit_key *key;
	const struct conf_limit *rule;
	int64_t now_ms;
	bool take;
};

static enum status limit_ask(struct limit_store *limits, const struct asker *asker,
			     long *retry_after_s, struct error *err)
{
	const struct conf_limit *rule = asker->rule;

	if (rule->count <= 0)
		return STATUS_OK;
	long burst = asker->key->burst > 0 ? asker->key->burst : rule->count;
	int64_t interval = (int64_t)rule->period_ms * 1000 / rule->count;
	if (interval < 1)
		interval = 1;
	struct question q = {
	    .now = asker->now_ms * 1000,
	    .interval = interval,
	    .capacity = interval * burst,
	    .take = asker->take,
	};
	enum status status = hash_key(asker->key, q.id, err);
	if (status == STATUS_OK)
		status = ask_file(limits, &q, err);
	if (status != STATUS_OK || q.wait == 0)
		return status;
	long seconds = (long)((q.wait + 999999) / 1000000);
	if (retry_after_s != NULL)
		*retry_after_s = seconds;
	return error_set(err, STATUS_SLOW_DOWN, "limit %s: %ld per %ld ms; next in %ld s",
			 asker->key->scope, rule->count, rule->period_ms, seconds);
}

enum status limit_take(struct limit_store *limits, const struct limit_key *key,
		       const struct conf_limit *rule, int64_t now_ms, long *retry_after_s,
		       struct error *err)
{
	struct asker asker = {.key = key, .rule = rule, .now_ms = now_ms, .take = true};

	return limit_ask(limits, &asker, retry_after_s, err);
}

enum status limit_check(struct limit_store *limits, const struct limit_key *key,
			const struct conf_limit *rule, int64_t now_ms, long *retry_after_s,
			struct error *err)
{
	struct asker asker = {.key = key, .rule = rule, .now_ms = now_ms, .take = false};

	return limit_ask(limits, &asker, retry_after_s, err);
}

static void key_ipv6(const struct in6_addr *address, char out[64])
{
	struct in6_addr net = *address;
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(address)) { /* the same client over the other socket */
		inet_ntop(AF_INET, &address->s6_addr[12], out, 64);
		return;
	}
	memset(&net.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &net, text, sizeof text);
	snprintf(out, 64, "%s/64", text);
}

void limit_address_key(const char *remote_addr, char out[64])
{
	struct in6_addr address;
	char plain[64];

	snprintf(plain, sizeof plain, "%s", remote_addr);
	plain[strcspn(plain, "%")] = '\0'; /* fe80::1%eth0 */
	if (inet_pton(AF_INET6, plain, &address) == 1)
		key_ipv6(&address, out);
	else
		memcpy(out, plain, sizeof plain);
}
