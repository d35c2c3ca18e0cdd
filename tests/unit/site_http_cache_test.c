/*
 * identity/site_http_cache.c: one question at a time for one key, at most SITE_CACHE_CALLS_MAX in
 * all, a bounded memory, and a bounded number of those who wait.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "unit.h"

#include "base/clock.h"
#include "identity/site_http_cache.h"

#define AMPLE_MS 30000
#define NOW_S    1800000000

/* A scripted site: it counts its questions, and holds them until the gate is opened. */
struct site {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	int asked;
	int under_way;
	int most;
	enum status status;
};

static enum status ask(void *arg, struct site_answer *out, struct error *err)
{
	struct site *site = arg;

	pthread_mutex_lock(&site->lock);
	site->asked++;
	site->under_way++;
	if (site->under_way > site->most)
		site->most = site->under_way;
	pthread_cond_broadcast(&site->changed);
	while (!site->open)
		pthread_cond_wait(&site->changed, &site->lock);
	site->under_way--;
	pthread_mutex_unlock(&site->lock);
	if (site->status != STATUS_OK)
		return error_set(err, site->status, "the site failed");
	*out = (struct site_answer){.known = true, .user = strdup("alice")};
	return STATUS_OK;
}

struct fixture {
	struct site site;
	struct site_cache *cache;
};

static void setup_for(struct fixture *f, int64_t life_ms, bool open)
{
	f->site = (struct site){.open = open};
	pthread_mutex_init(&f->site.lock, NULL);
	pthread_cond_init(&f->site.changed, NULL);
	assert_ok(site_cache_new(life_ms, &f->cache, ERR));
}

static void teardown(struct fixture *f)
{
	site_cache_free(f->cache);
	pthread_cond_destroy(&f->site.changed);
	pthread_mutex_destroy(&f->site.lock);
}

static enum status get(struct fixture *f, int key, int wait_ms, struct error *err)
{
	struct site_answer answer = {0};
	struct site_cache_question question = {
	    .now = NOW_S,
	    .until_ms = clock_monotonic_ms() + wait_ms,
	    .ask = ask,
	    .arg = &f->site,
	};

	question.key[0] = (unsigned char)key;
	memcpy(question.key + 1, &key, sizeof(key));
	enum status status = site_cache_get(f->cache, &question, &answer, err);
	site_answer_clear(&answer);
	return status;
}

/* ---- threads that get one key each ---- */

struct visitor {
	struct fixture *f;
	int key;
	enum status status;
	struct error err;
	pthread_t thread;
};

static bool is_full(const struct error *err)
{
	return err->status == STATUS_BUSY && strncmp(err->text, "256 requests", 12) == 0;
}

static void *visit(void *arg)
{
	struct visitor *visitor = arg;

	do { /* the test itself may have been in the way */
		visitor->err = (struct error){0};
		visitor->status = get(visitor->f, visitor->key, AMPLE_MS, &visitor->err);
	} while (is_full(&visitor->err));
	return NULL;
}

static void start(struct visitor *visitor, struct fixture *f, int key)
{
	*visitor = (struct visitor){.f = f, .key = key};
	assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
}

static void wait_for_questions(struct site *site, int count)
{
	pthread_mutex_lock(&site->lock);
	while (site->asked < count)
		pthread_cond_wait(&site->changed, &site->lock);
	pthread_mutex_unlock(&site->lock);
}

static void open_gate(struct site *site)
{
	pthread_mutex_lock(&site->lock);
	site->open = true;
	pthread_cond_broadcast(&site->changed);
	pthread_mutex_unlock(&site->lock);
}

TEST(one_question_for_one_key)
{
	struct fixture f;
	struct visitor visitors[64];

	setup_for(&f, AMPLE_MS, false);
	for (size_t i = 0; i < COUNT(visitors); i++)
		start(&visitors[i], &f, 1);
	wait_for_questions(&f.site, 1);
	open_gate(&f.site);
	for (size_t i = 0; i < COUNT(visitors); i++) {
		pthread_join(visitors[i].thread, NULL);
		assert_ok(visitors[i].status);
	}
	assert_int_equal(f.site.asked, 1);
	teardown(&f);
}

TEST(a_failure_is_shared_and_forgotten)
{
	struct fixture f;
	struct visitor visitors[2];

	setup_for(&f, AMPLE_MS, false);
	f.site.status = STATUS_UNAVAILABLE;
	start(&visitors[0], &f, 1);
	wait_for_questions(&f.site, 1);
	open_gate(&f.site);
	pthread_join(visitors[0].thread, NULL);
	assert_int_equal(visitors[0].status, STATUS_UNAVAILABLE);
	assert_string_equal(visitors[0].err.text, "the site failed");
	f.site.status = STATUS_OK;
	assert_ok(get(&f, 1, AMPLE_MS, ERR));
	assert_int_equal(f.site.asked, 2);
	teardown(&f);
}

TEST(few_questions_at_once_and_few_who_wait)
{
	static struct visitor visitors[SITE_CACHE_WAITING_MAX];
	struct fixture f;
	struct error err = {0};

	setup_for(&f, AMPLE_MS, false);
	for (size_t i = 0; i < COUNT(visitors); i++)
		start(&visitors[i], &f, (int)i);
	wait_for_questions(&f.site, SITE_CACHE_CALLS_MAX);
	assert_int_equal(f.site.asked, SITE_CACHE_CALLS_MAX);
	/* without a turn it waits in vain; once all others wait, it is refused at once */
	while (!is_full(&err))
		assert_int_equal(get(&f, -1, 1, &err), STATUS_BUSY);
	assert_true(err.retry_after > 0);
	open_gate(&f.site);
	for (size_t i = 0; i < COUNT(visitors); i++) {
		pthread_join(visitors[i].thread, NULL);
		assert_ok(visitors[i].status);
	}
	assert_true(f.site.most <= SITE_CACHE_CALLS_MAX);
	teardown(&f);
}

TEST(the_oldest_is_dropped)
{
	struct fixture f;

	setup_for(&f, AMPLE_MS, true);
	for (int i = 0; i < SITE_CACHE_ENTRIES_MAX; i++)
		assert_ok(get(&f, i, AMPLE_MS, ERR));
	assert_ok(get(&f, 0, AMPLE_MS, ERR));
	assert_int_equal(f.site.asked, SITE_CACHE_ENTRIES_MAX); /* all are remembered */
	assert_ok(get(&f, SITE_CACHE_ENTRIES_MAX, AMPLE_MS, ERR));
	assert_ok(get(&f, 1, AMPLE_MS, ERR));
	assert_int_equal(f.site.asked, SITE_CACHE_ENTRIES_MAX + 1);
	assert_ok(get(&f, 0, AMPLE_MS, ERR)); /* but the oldest */
	assert_int_equal(f.site.asked, SITE_CACHE_ENTRIES_MAX + 2);
	teardown(&f);
}

TEST(without_a_life_each_asks)
{
	struct fixture f;

	setup_for(&f, 0, true);
	/* many within one millisecond */
	for (int i = 1; i <= 1000; i++) {
		assert_ok(get(&f, 1, AMPLE_MS, ERR));
		assert_int_equal(f.site.asked, i);
	}
	teardown(&f);
}
