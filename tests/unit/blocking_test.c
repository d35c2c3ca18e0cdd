/*
 * base/blocking.c: a wait for another thread ends as soon as that thread is ready, also if it gets
 * ready in the moment in which the short wait ends and the long one begins.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>

#include "base/blocking.h"
#include "base/clock.h"

#define UNTIL_MS 10000
#define SOON_MS  5000 /* much less than UNTIL_MS, so that a busy machine does not fail the test */
#define LONG_MS  60   /* much longer than the short wait */

struct fixture {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool waits, ready;
	bool refuses; /* whether blocking_begin fails */
	unsigned begun, ended;
	int rc;
	int64_t took_ms;
};

static bool on_begin(void *arg)
{
	struct fixture *f = arg;

	f->begun += !f->refuses;
	return !f->refuses;
}

static void on_end(void *arg)
{
	((struct fixture *)arg)->ended++;
}

static void *wait_until_ready(void *arg)
{
	struct fixture *f = arg;
	struct blocking_waiter waiter = {.begin = on_begin, .end = on_end, .arg = f, .visitor = -1};
	int64_t begin_ms = clock_monotonic_ms();

	blocking_waiter_set(&waiter);
	pthread_mutex_lock(&f->lock);
	f->waits = true;
	pthread_cond_broadcast(&f->changed);
	while (!f->ready && f->rc == 0)
		f->rc = blocking_wait(&f->changed, &f->lock, begin_ms + UNTIL_MS);
	pthread_mutex_unlock(&f->lock);
	blocking_waiter_set(NULL);
	f->took_ms = clock_monotonic_ms() - begin_ms;
	return NULL;
}

/* Starts a thread that waits, and gets ready while it holds the lock for so long. */
static void play(struct fixture *f, long before_ms, long holding_ms)
{
	pthread_t thread;

	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	assert_int_equal(pthread_create(&thread, NULL, wait_until_ready, f), 0);
	pthread_mutex_lock(&f->lock);
	while (!f->waits)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
	usleep((useconds_t)before_ms * 1000);
	pthread_mutex_lock(&f->lock);
	usleep((useconds_t)holding_ms * 1000);
	f->ready = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->begun, f->ended);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
}

/* The short wait ends while the other thread holds the lock, so nobody hears its signal. */
TEST(test_signal_between_two_waits)
{
	struct fixture f = {0};

	play(&f, 0, LONG_MS);
	assert_int_equal(f.rc, 0);
	assert_true(f.took_ms < SOON_MS);
}

TEST(test_long_wait)
{
	struct fixture f = {0};

	play(&f, LONG_MS, 0);
	assert_int_equal(f.rc, 0);
	assert_int_equal(f.begun, 1);
	assert_true(f.took_ms < SOON_MS);
}

TEST(test_too_many_wait)
{
	struct fixture f = {.refuses = true};

	play(&f, LONG_MS, 0);
	assert_int_equal(f.rc, EBUSY);
	assert_int_equal(f.begun, 0);
}
