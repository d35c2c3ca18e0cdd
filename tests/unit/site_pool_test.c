/*
 * sitedb/pool.c: each place that becomes free is given to a thread that waits and can use it. The
 * database here opens at once, and closes as slowly as a test wants.
 */
#include "unit.h"

#include <pthread.h>

#include "base/clock.h"
#include "sitedb/sitedb.h"

#define CLOSE_MS 20
#define SOON_MS  600 /* far less than the time-out of a wait, which is a second */
#define FOREVER  (clock_monotonic_ms() + 10000)

static enum status open_now(const struct sitedb_source *source, int64_t until_ms, void **out,
			    struct error *err)
{
	(void)source, (void)until_ms, (void)err;
	*out = strdup("open");
	return *out != NULL ? STATUS_OK : STATUS_INTERNAL;
}

static void close_slowly(void *handle)
{
	usleep(CLOSE_MS * 1000);
	free(handle);
}

static const struct sitedb_kind kind = {.name = "slow", .open = open_now, .close = close_slowly};

static struct sitedb_source source_of(const char *server, const char *key, long connections_max)
{
	struct sitedb_source source = {
	    .kind = &kind, .key = strdup(key), .connections_max = connections_max};

	assert_non_null(source.key);
	assert_ok(sitedb_server_get(server, &source.server, ERR));
	return source;
}

static void source_end(struct sitedb_source *source)
{
	sitedb_forget(source);
	sitedb_server_release(source->server);
	free(source->key);
}

struct taker {
	pthread_t thread;
	const struct sitedb_source *source;
	struct sitedb_connection *connection;
	enum status status;
	int64_t took_ms;
};

static void *take(void *arg)
{
	struct taker *taker = arg;
	int64_t begin_ms = clock_monotonic_ms();
	struct error err;
	bool fresh;

	taker->status =
	    sitedb_take(taker->source, begin_ms + 10000, &taker->connection, &fresh, &err);
	taker->took_ms = clock_monotonic_ms() - begin_ms;
	return NULL;
}

/* Starts a thread, and gives it the time to be the next one that waits. */
static struct taker *taker_start(const struct sitedb_source *source)
{
	struct taker *taker = calloc(1, sizeof(*taker));

	assert_non_null(taker);
	taker->source = source;
	assert_int_equal(pthread_create(&taker->thread, NULL, take, taker), 0);
	usleep(CLOSE_MS / 4 * 1000);
	return taker;
}

/* Returns the connection that the thread got soon. */
static struct sitedb_connection *taker_end(struct taker *taker)
{
	struct sitedb_connection *connection;

	assert_int_equal(pthread_join(taker->thread, NULL), 0);
	connection = taker->connection;
	assert_int_equal(taker->status, STATUS_OK);
	if (taker->took_ms > SOON_MS)
		fail_msg("a free place was taken after %lld ms", (long long)taker->took_ms);
	free(taker);
	return connection;
}

static void *forget(void *arg)
{
	sitedb_forget(arg);
	return NULL;
}

TEST(test_each_of_several_free_places_is_taken)
{
	struct sitedb_source source = source_of("a", "one", 2);
	struct sitedb_connection *held[2];
	struct taker *takers[2];
	pthread_t thread;
	bool fresh;

	for (int i = 0; i < 2; i++)
		assert_ok(sitedb_take(&source, FOREVER, &held[i], &fresh, ERR));
	for (int i = 0; i < 2; i++)
		sitedb_give(held[i], true);
	assert_int_equal(pthread_create(&thread, NULL, forget, &source), 0);
	usleep(CLOSE_MS / 4 * 1000);
	for (int i = 0; i < 2; i++)
		takers[i] = taker_start(&source);
	for (int i = 0; i < 2; i++)
		held[i] = taker_end(takers[i]);
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++)
		sitedb_give(held[i], false);
	source_end(&source);
}

TEST(test_a_free_place_is_taken_by_the_one_who_may_take_it)
{
	struct sitedb_source low = source_of("b", "low", 1), high = source_of("b", "high", 3);
	struct sitedb_connection *held[3], *got;
	struct taker *first, *second;
	bool fresh;

	for (int i = 0; i < 3; i++)
		assert_ok(sitedb_take(&high, FOREVER, &held[i], &fresh, ERR));
	first = taker_start(&low);
	second = taker_start(&high);
	sitedb_give(held[0], false);
	got = taker_end(second);
	sitedb_give(got, false);
	sitedb_give(held[1], false);
	sitedb_give(held[2], false);
	sitedb_give(taker_end(first), false);
	source_end(&high);
	source_end(&low);
}

TEST(test_a_server_that_rests_keeps_nobody_waiting)
{
	struct sitedb_source source = source_of("c", "one", 1);
	struct sitedb_connection *held;
	struct taker *takers[2];
	bool fresh;

	assert_ok(sitedb_take(&source, FOREVER, &held, &fresh, ERR));
	for (int i = 0; i < 2; i++)
		takers[i] = taker_start(&source);
	sitedb_server_rest(source.server);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(takers[i]->thread, NULL), 0);
		assert_int_equal(takers[i]->status, STATUS_UNAVAILABLE);
		assert_true(takers[i]->took_ms < SOON_MS);
		free(takers[i]);
	}
	sitedb_give(held, false);
	source_end(&source);
}
