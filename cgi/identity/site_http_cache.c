/*
 * The cache has a list of entries in the order in which their calls began, and a table to find them
 * by key. The lock is held for microseconds. A request that waits for the site does not hold the
 * lock, but is counted in entry->holders.
 */
#include "identity/site_http_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/blocking.h"

#define BUCKETS 256 /* a key's first byte is the index, because it is random */
#define RETRY_S 2

struct entry {
	unsigned char key[SECRET_MAC_LEN];
	LIST_ENTRY(entry) in_bucket;
	TAILQ_ENTRY(entry) in_order;
	bool asking; /* true until the answer arrives */
	bool listed; /* true while the table has this entry; false once its call has failed */
	/* requests that now use the entry, including the request that calls the site */
	unsigned holders;
	int64_t asked_us;   /* when the call began; monotonic */
	enum status status; /* the result of the call */
	struct error err;
	struct site_answer answer; /* set if status is STATUS_OK */
	pthread_cond_t answered;
};

struct site_cache {
	int64_t life_us;
	pthread_mutex_t lock; /* guards all members below, and the entries */
	/* signaled at the end of a call, because another call can then begin */
	pthread_cond_t turn;
	LIST_HEAD(, entry) buckets[BUCKETS];
	TAILQ_HEAD(order, entry) order; /* the entry with the oldest call is first */
	size_t count;
	int calls;   /* number of calls to the site in progress */
	int waiting; /* requests that call the site, or wait to call it, or wait for an answer */
};

enum status site_cache_new(int64_t life_ms, struct site_cache **out, struct error *err)
{
	struct site_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return error_no_memory(err);
	cache->life_us = life_ms * 1000;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->turn, NULL);
	TAILQ_INIT(&cache->order);
	*out = cache;
	return STATUS_OK;
}

/* ---- entries; the caller holds the lock ---- */

static struct entry *entry_find(struct site_cache *cache, const unsigned char *key)
{
	struct entry *entry;

	LIST_FOREACH(entry, &cache->buckets[key[0]], in_bucket)
	if (memcmp(entry->key, key, SECRET_MAC_LEN) == 0)
		return entry;
	return NULL;
}

static void entry_free(struct entry *entry)
{
	site_answer_clear(&entry->answer);
	pthread_cond_destroy(&entry->answered);
	free(entry);
}

/* Frees the entry if it is unlisted and this was its last holder. */
static void entry_release(struct entry *entry)
{
	if (--entry->holders == 0 && !entry->listed)
		entry_free(entry);
}

static void entry_unlist(struct site_cache *cache, struct entry *entry)
{
	LIST_REMOVE(entry, in_bucket);
	TAILQ_REMOVE(&cache->order, entry, in_order);
	cache->count--;
	entry->listed = false;
}

/*
 * Drops the answers that are too old. If the cache is still full, also drops the oldest remaining
 * answers.
 */
static void entries_drop(struct site_cache *cache, int64_t now_us)
{
	struct entry *entry, *next;

	for (entry = TAILQ_FIRST(&cache->order); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, in_order);
		if (entry->asking)
			continue;
		if (cache->count < SITE_CACHE_ENTRIES_MAX &&
		    entry->asked_us + cache->life_us > now_us)
			return;
		entry->holders++;
		entry_unlist(cache, entry);
		entry_release(entry);
	}
}

static struct entry *entry_new(struct site_cache *cache, const unsigned char *key)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	memcpy(entry->key, key, SECRET_MAC_LEN);
	pthread_cond_init(&entry->answered, NULL);
	entry->asking = true;
	entry->listed = true;
	entry->holders = 1;
	LIST_INSERT_HEAD(&cache->buckets[key[0]], entry, in_bucket);
	TAILQ_INSERT_TAIL(&cache->order, entry, in_order);
	cache->count++;
	return entry;
}

void site_cache_free(struct site_cache *cache)
{
	struct entry *entry;

	if (cache == NULL)
		return;
	while ((entry = TAILQ_FIRST(&cache->order)) != NULL) {
		entry_unlist(cache, entry);
		entry_free(entry);
	}
	pthread_cond_destroy(&cache->turn);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/*
 * Returns true if the entry's answer is valid for another request, which arrived at came_us. An
 * older answer can be from before the user logged in or out. A whole call can take less than a
 * millisecond, so times are in microseconds. An answer that is exactly life_us old is not valid.
 */
static bool entry_counts(const struct site_cache *cache, const struct entry *entry, int64_t came_us,
			 int64_t now)
{
	const struct site_answer *answer = &entry->answer;

	return entry->asked_us + cache->life_us > came_us &&
	       (answer->expires == 0 || answer->expires > now);
}

/* ---- calls and waiting; the caller holds the lock; a wait or a call releases it ---- */

static enum status too_late(int rc, struct error *err)
{
	if (rc == EBUSY)
		return blocking_refused(err);
	error_set(err, STATUS_BUSY,
		  "%d calls to the site were running, so this call could not start in time; check "
		  "whether the site is slow",
		  SITE_CACHE_CALLS_MAX);
	return error_retry_after(err, STATUS_BUSY, RETRY_S);
}

static enum status turn_wait(struct site_cache *cache, int64_t until_ms, struct error *err)
{
	int rc = 0;

	while (cache->calls >= SITE_CACHE_CALLS_MAX && rc == 0)
		rc = blocking_wait(&cache->turn, &cache->lock, until_ms);
	return cache->calls < SITE_CACHE_CALLS_MAX ? STATUS_OK : too_late(rc, err);
}

/*
 * Calls the site for a new entry, which the caller holds. After a failed call, no other request can
 * find the entry.
 */
static void entry_ask(struct site_cache *cache, struct entry *entry,
		      const struct site_cache_question *question)
{
	entry->status = turn_wait(cache, question->until_ms, &entry->err);
	entry->asked_us = clock_monotonic_us();
	if (entry->status == STATUS_OK) {
		cache->calls++;
		pthread_mutex_unlock(&cache->lock);
		enum status status = question->ask(question->arg, &entry->answer, &entry->err);
		pthread_mutex_lock(&cache->lock);
		entry->status = status;
		cache->calls--;
		pthread_cond_signal(&cache->turn);
	}
	entry->asking = false;
	/* move the entry to the end, because a later entry can have started its call earlier */
	TAILQ_REMOVE(&cache->order, entry, in_order);
	TAILQ_INSERT_TAIL(&cache->order, entry, in_order);
	if (entry->status != STATUS_OK)
		entry_unlist(cache, entry);
	pthread_cond_broadcast(&entry->answered);
}

static enum status answer_wait(struct site_cache *cache, struct entry *entry, int64_t until_ms,
			       struct error *err)
{
	int rc = 0;

	while (entry->asking && rc == 0)
		rc = blocking_wait(&entry->answered, &cache->lock, until_ms);
	if (!entry->asking)
		return STATUS_OK;
	if (rc == EBUSY)
		return blocking_refused(err);
	return error_set(err, STATUS_UNAVAILABLE,
			 "another request with the same cookies got no response from the site in "
			 "time; check whether the site is slow");
}

/*
 * Returns the entry for these cookies; the caller releases the entry. If there is no valid entry,
 * adds an entry, calls the site and sets *asked to true. Returns NULL if out of memory.
 */
static struct entry *entry_hold(struct site_cache *cache,
				const struct site_cache_question *question, int64_t came_us,
				bool *asked)
{
	struct entry *entry = entry_find(cache, question->key);

	if (entry != NULL && !entry->asking &&
	    !entry_counts(cache, entry, came_us, question->now)) {
		entry->holders++;
		entry_unlist(cache, entry);
		entry_release(entry);
		entry = NULL;
	}
	if (entry != NULL) {
		entry->holders++;
		return entry;
	}
	entries_drop(cache, came_us);
	entry = entry_new(cache, question->key);
	*asked = true;
	if (entry != NULL)
		entry_ask(cache, entry, question);
	return entry;
}

static enum status entry_result(const struct entry *entry, struct site_answer *out,
				struct error *err)
{
	if (entry->status == STATUS_OK)
		return site_answer_copy(&entry->answer, out, err);
	if (err != NULL)
		*err = entry->err;
	return entry->status;
}

/*
 * Returns the answer of another request's call, after waiting for it, or calls the site. Waits for
 * at most two calls of other requests, because the second call begins after this request arrived,
 * so its answer is valid.
 */
static enum status answer_get(struct site_cache *cache, const struct site_cache_question *question,
			      int64_t came_us, struct site_answer *out, struct error *err)
{
	enum status status;
	bool asked = false, again;

	do {
		struct entry *entry = entry_hold(cache, question, came_us, &asked);

		if (entry == NULL)
			return error_no_memory(err);
		status = answer_wait(cache, entry, question->until_ms, err);
		again = status == STATUS_OK && !asked &&
			!entry_counts(cache, entry, came_us, question->now);
		if (status == STATUS_OK && !again)
			status = entry_result(entry, out, err);
		entry_release(entry);
	} while (again);
	return status;
}

enum status site_cache_get(struct site_cache *cache, const struct site_cache_question *question,
			   struct site_answer *out, struct error *err)
{
	int64_t came_us = clock_monotonic_us();
	enum status status;

	pthread_mutex_lock(&cache->lock);
	const struct entry *entry = entry_find(cache, question->key);
	if (entry != NULL && !entry->asking && entry_counts(cache, entry, came_us, question->now)) {
		status = entry_result(entry, out, err);
	} else if (cache->waiting >= SITE_CACHE_WAITING_MAX) {
		error_set(err, STATUS_BUSY,
			  "%d requests are waiting for a response from the site; check whether the "
			  "site is slow",
			  SITE_CACHE_WAITING_MAX);
		status = error_retry_after(err, STATUS_BUSY, RETRY_S);
	} else {
		cache->waiting++;
		status = answer_get(cache, question, came_us, out, err);
		cache->waiting--;
	}
	pthread_mutex_unlock(&cache->lock);
	return status;
}
