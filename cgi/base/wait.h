/*
 * Waits of a request: for a slow server, for a lock that another program holds, or for another
 * thread. A thread that is going to wait calls wait_begin, and the server lets another thread serve
 * in its place (cgi/serve/threads.c). Call it wherever a request may wait. The caller must not hold
 * anything that other requests need. A mutex that is held for microseconds needs no such call.
 *
 * A thread that serves a visitor has a waiter. In plain CGI, prebindctl and tests there is none:
 * nobody else needs the thread, so it simply waits.
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
	unsigned request; /* its id on that connection; 0: not known yet */
	/* true: it says so in what it sends last; NULL: it cannot */
	bool (*gave_up)(int visitor, unsigned request);
	unsigned depth; /* depth of nested waits, which count as one; 0 at first */
};

/* The calling thread's, borrowed until the next call; NULL: none. */
void waiter_set(struct waiter *waiter);

/* Sets the request that the calling thread serves. Does nothing without a waiter. */
void waiter_request(unsigned request);

/*
 * Call them before and after a wait. If wait_begin returns false, too many requests wait already:
 * do not wait, and do not call wait_end. wait_refused makes the error for the visitor, STATUS_BUSY
 * with err->retry_after.
 */
bool wait_begin(void);
void wait_end(void);
enum status wait_refused(struct error *err);
#define WAIT_RETRY_S 2 /* its retry_after: by then some of the waiting calls have ended */

/*
 * Sleeps between wait_begin and wait_end. False: too many requests wait already, so it did not
 * sleep.
 */
bool wait_nap(long ms);

/*
 * pthread_cond_timedwait and pthread_mutex_timedlock as waits, for whatever another thread of ours
 * holds. The first milliseconds are an ordinary wait, because usually it ends before another thread
 * would be ready to serve. until_ms is monotonic. Return 0 or ETIMEDOUT; EBUSY: too many requests
 * wait already.
 */
int wait_on(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);
int wait_lock(pthread_mutex_t *lock, int64_t until_ms);

/* The same without wait_begin and wait_end, for threads that serve no request. */
int wait_idle(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);

/* True if the visitor whom this thread serves has left. False also if that cannot be known. */
bool wait_is_in_vain(void);

#endif
