/*
 * Computes the limits. limit_file.c handles their file. A bucket stores a time, not a number of
 * tokens. This time, the credit, is how many microseconds it takes to refill the tokens that the
 * bucket has. A token costs `interval`, and the bucket is full when the credit is burst * interval.
 * If a limit cannot be read, the caller gets STATUS_UNAVAILABLE, because a guess could let an
 * attacker through.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "store/connection.h"
#include "store/limit.h"
#include "store/limit_file.h"

#define LIMIT_PURGE_ROWS 8 /* full buckets deleted per taken token; a token adds at most one row */

/*
 * ---- the rules ----
 *
 * A rule computes the answer and the new row from a struct limit_question and the old row. All
 * times are in microseconds. If the clock was set back, a stamp in the future counts as now, so
 * nobody is locked out.
 */

enum limit_action { LIMIT_CHECK, LIMIT_TAKE, LIMIT_GIVE_BACK };

struct limit_question {
	enum limit_action action;
	int64_t now;
	int64_t interval; /* time to refill one token; for attempts, the first delay */
	int64_t capacity; /* time to fill a bucket; or the number of attempts without a wait */
	int64_t period;   /* for attempts, the longest delay */
};

struct limit_answer {
	int64_t wait; /* wait before the next token or attempt; 0 for no wait */
	bool write;   /* the table must be updated with `row` */
	struct limit_row row;
	int64_t forget; /* the time from which the row means the same as no row */
};

static int64_t stamp_now(const struct limit_question *q, const struct limit_row *row)
{
	return row->stamp > q->now ? q->now : row->stamp;
}

/*
 * The rule for token buckets. A bucket without a row is full. It takes `capacity` microseconds to
 * fill an empty bucket.
 */
static void rule_bucket(const struct limit_question *q, const struct limit_row *row,
			struct limit_answer *out)
{
	int64_t credit = row->there ? row->credit : q->capacity;
	int64_t grown = row->there ? q->now - stamp_now(q, row) : 0;

	credit = grown >= q->capacity - credit ? q->capacity : credit + grown;
	*out = (struct limit_answer){.wait = credit >= q->interval ? 0 : q->interval - credit};
	bool taken = q->action == LIMIT_TAKE && out->wait == 0;
	if (taken)
		credit -= q->interval;
	out->write = taken || (row->there && row->stamp > q->now);
	out->row = (struct limit_row){.there = true, .credit = credit, .stamp = q->now};
	out->forget = q->now + q->capacity - credit;
}

/* Returns the delay before the next attempt, in microseconds, after `failures` failed attempts. */
static int64_t delay(const struct limit_question *q, int64_t failures)
{
	int64_t delay = q->interval;

	if (failures < q->capacity)
		return 0;
	for (int64_t i = failures - q->capacity; i > 0 && delay < q->period; i--)
		delay *= 2;
	return delay < q->period ? delay : q->period;
}

/*
 * The rule for attempts that can fail. The first `capacity` attempts need no wait. Each further
 * attempt must wait after the previous attempt. The wait doubles each time, up to `period`. If
 * there is no attempt for `period` after the wait has ended, the count starts again at 0.
 * LIMIT_GIVE_BACK subtracts the last attempt.
 */
static void rule_tries(const struct limit_question *q, const struct limit_row *row,
		       struct limit_answer *out)
{
	int64_t failures = row->there ? row->credit : 0;
	int64_t stamp = row->there ? stamp_now(q, row) : q->now;
	int64_t free_at = stamp + delay(q, failures);

	if (q->now >= free_at + q->period)
		failures = 0;
	*out = (struct limit_answer){
	    .row = {.there = true, .credit = failures, .stamp = stamp}
        };
	if (q->action == LIMIT_GIVE_BACK) {
		out->write = failures > 0;
		out->row.credit -= out->write;
	} else if (failures > 0 && q->now < free_at) {
		out->wait = free_at - q->now;
	} else if (q->action == LIMIT_TAKE) {
		out->write = true;
		out->row.credit++;
		out->row.stamp = q->now;
	}
	if (row->there && row->stamp > q->now)
		out->write = true;
	out->forget = out->row.stamp + delay(q, out->row.credit) + q->period;
}

/* ---- one request about a limit ---- */

/* A request about one bucket, and the answer to it. */
struct question {
	unsigned char id[SECRET_SHA256_LEN];
	void (*rule)(const struct limit_question *q, const struct limit_row *row,
		     struct limit_answer *out);
	struct limit_question what;
	int64_t wait; /* the result: how long to wait, in microseconds */
};

static enum status row_find(struct connection *db, const struct question *q, struct limit_row *out,
			    struct error *err)
{
	enum status status =
	    connection_find(db, QUERY_LIMIT_FIND, VALUES(as_blob(q->id, sizeof(q->id))), out, err);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out = (struct limit_row){0};
	return STATUS_OK;
}

static enum status row_write(struct connection *db, const struct question *q,
			     const struct limit_answer *answer, struct error *err)
{
	return connection_run(db, QUERY_LIMIT_SET,
			      VALUES(as_blob(q->id, sizeof(q->id)), as_integer(answer->row.credit),
				     as_integer(answer->row.stamp), as_integer(answer->forget)),
			      NULL, err);
}

static enum status purge(struct connection *db, const struct question *q, struct error *err)
{
	return connection_run(db, QUERY_LIMIT_PURGE,
			      VALUES(as_integer(q->what.now), as_integer(LIMIT_PURGE_ROWS)), NULL,
			      err);
}

/*
 * Writes only if something changed. So a request for a token of an empty bucket costs only one
 * read.
 */
static enum status ask(struct connection *db, void *arg, struct error *err)
{
	struct question *q = arg;
	struct limit_answer answer;
	struct limit_row row;
	enum status status = connection_clock(db, q->what.now, &q->what.now, err);

	if (status == STATUS_OK)
		status = row_find(db, q, &row, err);
	if (status != STATUS_OK)
		return status;
	q->rule(&q->what, &row, &answer);
	q->wait = answer.wait;
	if (answer.write && q->what.action == LIMIT_TAKE)
		status = purge(db, q, err);
	if (status == STATUS_OK && answer.write)
		status = row_write(db, q, &answer, err);
	return status;
}

/* ---- functions of limit.h ---- */

/* The arguments of limit_take, limit_check, limit_try or limit_try_worked. */
struct asker {
	const struct limit_key *key;
	const struct conf_limit *rule;
	int64_t now_ms;
	enum limit_action action;
	bool tries; /* the limit counts attempts instead of tokens */
};

static void question_make(const struct asker *asker, struct question *q)
{
	const struct conf_limit *rule = asker->rule;
	long burst = asker->key->burst > 0 ? asker->key->burst : rule->count;
	int64_t interval = (int64_t)rule->period_ms * 1000 / rule->count;

	if (interval < 1)
		interval = 1;
	q->rule = asker->tries ? rule_tries : rule_bucket;
	q->what = (struct limit_question){
	    .action = asker->action,
	    .now = asker->now_ms * 1000,
	    .interval = interval,
	    .capacity = asker->tries ? burst : interval * burst,
	    .period = (int64_t)rule->period_ms * 1000,
	};
}

/* The NUL between scope and key keeps ("a", "bc") different from ("ab", "c"). */
static enum status hash_key(const struct asker *asker, unsigned char out[SECRET_SHA256_LEN],
			    struct error *err)
{
	const struct limit_key *key = asker->key;
	struct strbuf text;
	enum status status = STATUS_OK;

	strbuf_init(&text);
	if (asker->tries) /* so that attempts and buckets with the same key have different ids */
		strbuf_add(&text, "tries", sizeof("tries"));
	strbuf_add(&text, key->scope, strlen(key->scope) + 1);
	strbuf_adds(&text, key->key);
	if (strbuf_ok(&text))
		secret_sha256(out, text.data, text.len);
	else
		status = error_no_memory(err);
	strbuf_clear(&text);
	return status;
}

static enum status limit_ask(struct limit_store *limits, const struct asker *asker,
			     struct error *err)
{
	const struct conf_limit *rule = asker->rule;
	struct question q = {0};

	if (rule->count <= 0)
		return STATUS_OK;
	question_make(asker, &q);
	const struct limit_file_call call = {
	    .key = {.scope = KEY_LIMIT,
		    .names = {asker->key->scope, asker->key->key},
		    .disposable = true},
	    .ask = ask,
	    .arg = &q,
	};
	enum status status = hash_key(asker, q.id, err);
	if (status == STATUS_OK)
		status = limit_file_ask(limits, &call, err);
	if (status != STATUS_OK || q.wait == 0)
		return status;
	if (err != NULL) /* the caller passes NULL if it will not refuse the request */
		metrics_add_limited(asker->key->scope);
	long seconds = (long)((q.wait + 999999) / 1000000);
	status = error_set(err, STATUS_SLOW_DOWN,
			   "the limit %s is reached (%ld per %ld ms); try again in %ld s",
			   asker->key->scope, rule->count, rule->period_ms, seconds);
	return error_retry_after(err, status, seconds);
}

enum status limit_take(struct limit_store *limits, const struct limit_key *key,
		       const struct conf_limit *rule, int64_t now_ms, struct error *err)
{
	const struct asker asker = {
	    .key = key, .rule = rule, .now_ms = now_ms, .action = LIMIT_TAKE};

	return limit_ask(limits, &asker, err);
}

enum status limit_check(struct limit_store *limits, const struct limit_key *key,
			const struct conf_limit *rule, int64_t now_ms, struct error *err)
{
	const struct asker asker = {
	    .key = key, .rule = rule, .now_ms = now_ms, .action = LIMIT_CHECK};

	return limit_ask(limits, &asker, err);
}

enum status limit_try(struct limit_store *limits, const struct limit_key *key,
		      const struct conf_limit *rule, int64_t now_ms, struct error *err)
{
	const struct asker asker = {
	    .key = key, .rule = rule, .now_ms = now_ms, .action = LIMIT_TAKE, .tries = true};

	return limit_ask(limits, &asker, err);
}

enum status limit_try_worked(struct limit_store *limits, const struct limit_key *key,
			     const struct conf_limit *rule, int64_t now_ms, struct error *err)
{
	const struct asker asker = {
	    .key = key, .rule = rule, .now_ms = now_ms, .action = LIMIT_GIVE_BACK, .tries = true};

	return limit_ask(limits, &asker, err);
}

static void key_ipv6(const struct in6_addr *address, char out[64])
{
	struct in6_addr net = *address;
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(address)) { /* an IPv4 client on an IPv6 socket */
		inet_ntop(AF_INET, &address->s6_addr[12], out, 64);
		return;
	}
	memset(&net.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &net, text, sizeof(text));
	snprintf(out, 64, "%s/64", text);
}

void limit_address_key(const char *remote_addr, char out[64])
{
	struct in6_addr address;
	char plain[64];

	snprintf(plain, sizeof(plain), "%s", remote_addr);
	plain[strcspn(plain, "%")] = '\0'; /* removes the zone, as in fe80::1%eth0 */
	if (inet_pton(AF_INET6, plain, &address) == 1)
		key_ipv6(&address, out);
	else
		memcpy(out, plain, sizeof(plain));
}
