/*
 * Stores the waiter of each thread in a thread-local variable, not in the request, because some
 * code that waits, for example for a database lock, does not get the request.
 */
#include "base/blocking.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/clock.h"

#define SHORT_MS 5 /* wait this long before blocking_begin, as starting a thread takes longer */

static _Thread_local struct blocking_waiter *waiter;

void blocking_waiter_set(struct blocking_waiter *of_thread)
{
	waiter = of_thread;
}

void blocking_waiter_request(unsigned request)
{
	if (waiter != NULL)
		waiter->request = request;
}

bool blocking_begin(void)
{
	if (waiter == NULL)
		return true;
	if (waiter->depth == 0 && !waiter->begin(waiter->arg))
		return false;
	waiter->depth++;
	return true;
}

void blocking_end(void)
{
	if (waiter != NULL && --waiter->depth == 0)
		waiter->end(waiter->arg);
}

enum status blocking_refused(struct error *err)
{
	error_set(
	    err, STATUS_BUSY,
	    "too many requests are waiting (key waiting_max); check whether the XMPP server is "
	    "slow, whether the site's database is locked, and whether upstream_max is too low");
	return error_retry_after(err, STATUS_BUSY, BLOCKING_RETRY_S);
}

bool blocking_sleep(long ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	if (!blocking_begin())
		return false;
	nanosleep(&pause, NULL);
	blocking_end();
	return true;
}

static struct timespec time_of(int64_t ms)
{
	return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

/*
 * Returns the time at which the first, short part of a wait ends. After that time, blocking_begin
 * lets another thread serve. Returns until_ms if no other request needs this thread, or if another
 * thread already serves in its place.
 */
static int64_t short_end(int64_t until_ms)
{
	int64_t soon_ms = clock_monotonic_ms() + SHORT_MS;
	bool alone = waiter == NULL || waiter->depth > 0;

	return alone || until_ms < soon_ms ? until_ms : soon_ms;
}

int condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms)
{
	struct timespec end = time_of(until_ms);

	return pthread_cond_clockwait(condition, lock, CLOCK_MONOTONIC, &end);
}

/*
 * Waits for the short part only. Returns 0 when the short part is over, so that the caller tests
 * its condition again before the long part.
 */
static int short_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms)
{
	int64_t first_ms = short_end(until_ms);
	int rc = condition_wait(condition, lock, first_ms);

	if (rc != ETIMEDOUT || first_ms == until_ms)
		return rc;
	waiter->short_done_ms = until_ms;
	return 0;
}

int blocking_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms)
{
	int rc;

	if (waiter == NULL || waiter->short_done_ms != until_ms)
		return short_wait(condition, lock, until_ms);
	waiter->short_done_ms = 0;
	if (!blocking_begin())
		return EBUSY;
	rc = condition_wait(condition, lock, until_ms);
	blocking_end();
	return rc;
}

static int lock_until(pthread_mutex_t *lock, int64_t until_ms)
{
#ifdef __SANITIZE_THREAD__ /* gcc 12's thread sanitizer does not know pthread_mutex_clocklock */
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	struct timespec end =
	    time_of(now.tv_sec * 1000 + now.tv_nsec / 1000000 + clock_left_ms(until_ms));
	return pthread_mutex_timedlock(lock, &end);
#else
	struct timespec end = time_of(until_ms);

	return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &end);
#endif
}

int blocking_lock(pthread_mutex_t *lock, int64_t until_ms)
{
	int64_t first_ms;
	int rc = pthread_mutex_trylock(lock);

	if (rc == 0)
		return 0;
	first_ms = short_end(until_ms);
	rc = lock_until(lock, first_ms);
	if (rc != ETIMEDOUT || first_ms == until_ms)
		return rc;
	if (!blocking_begin())
		return EBUSY;
	rc = lock_until(lock, until_ms);
	blocking_end();
	return rc;
}

bool visitor_has_left(void)
{
	struct pollfd fd = {.fd = waiter != NULL ? waiter->visitor : -1, .events = POLLIN};

	if (poll(&fd, 1, 0) <= 0)
		return false;
	if ((fd.revents & (POLLHUP | POLLERR)) != 0)
		return true;
	return waiter->gave_up != NULL && waiter->gave_up(waiter->visitor, waiter->request);
}
