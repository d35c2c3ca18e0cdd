/*
 * Waiting for somebody else: a server that is slow, a lock that another program holds, another
 * thread's turn. Whoever waits says so here, and the server lets another thread serve in its place
 * (cgi/serve/threads.c). Call it wherever a request may wait, and hold nothing then that other
 * requests need. It is not for a mutex that is held for microseconds.
 *
 * A thread that serves a visitor has a waiter. Without one (plain CGI, prebindctl, tests) nobody
 * else needs the thread, and it just waits.
 */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct waiter {
	bool (*begin)(void *arg); /* false: too many wait already */
	void (*end)(void *arg);
	void *arg;
	int visitor; /* the connection to the web server, which closes it if the visitor goes */
	bool (*gave_up)(int visitor); /* or says so in what it sends last; NULL: it cannot */
	unsigned depth;               /* a wait inside a wait is the same wait; 0 at first */
};

/* The calling thread's, borrowed until the next call; NULL: none. */
void waiter_set(struct waiter *waiter);

/*
 * Around a wait. False: as many requests wait as may; then this one must not, and there is no end
 * to call. wait_refused says so to the visitor: STATUS_BUSY with err->retry_after.
 */
bool wait_begin(void);
void wait_end(void);
enum status wait_refused(struct error *err);

/* Sleeps for so long, as a wait. False: too many wait already; it did not sleep. */
bool wait_nap(long ms);

/*
 * Waits for a turn among our own threads: pthread_cond_timedwait, whatever the condition's clock,
 * and pthread_mutex_timedlock. The first milliseconds are an ordinary wait, because most turns come
 * sooner than another thread would. until_ms is monotonic. 0, or ETIMEDOUT; EBUSY: too many
 * requests wait already.
 */
int wait_on(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);
int wait_lock(pthread_mutex_t *lock, int64_t until_ms);

/* wait_on without giving the place of the thread away: for threads that serve no request. */
int wait_idle(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);

/* Has the visitor whom this thread serves gone away? False where nobody can know. */
bool wait_is_in_vain(void);

#endif
