/*
 * Handles the waits of a request for a slow server, for a lock that another program holds, or for
 * another thread. A thread calls blocking_begin before it waits, and the server then lets another
 * thread serve in its place (cgi/serve/threads.c). Call blocking_begin wherever a request can wait,
 * except for a mutex that is held only for microseconds. The caller must not hold anything that
 * other requests need.
 *
 * A thread that serves a visitor has a waiter. In plain CGI, prebindctl and tests there is no
 * waiter. A thread simply waits there, because no other request needs the thread.
 */
#ifndef BASE_BLOCKING_H
#define BASE_BLOCKING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct blocking_waiter {
	bool (*begin)(void *arg); /* returns false if too many requests wait already */
	void (*end)(void *arg);
	void *arg;
	int visitor; /* connection to the web server; the server closes it if the visitor leaves */
	unsigned request; /* id of the request on that connection; 0 if not known yet */
	/*
	 * Returns true if the web server has reported on the connection `visitor` that the visitor
	 * has left. The member is NULL if the web server sends no such reports.
	 */
	bool (*gave_up)(int visitor, unsigned request);
	unsigned depth;        /* number of nested waits; `begin` and `end` are for the outermost */
	int64_t short_done_ms; /* until_ms of the wait whose short part is over; 0 at first */
};

/* Sets the calling thread's waiter; NULL for none. The waiter is borrowed until the next call. */
void blocking_waiter_set(struct blocking_waiter *waiter);

/* Sets the request that the calling thread serves. Does nothing without a waiter. */
void blocking_waiter_request(unsigned request);

/*
 * Call blocking_begin before a wait, and blocking_end after it. If blocking_begin returns false,
 * too many requests wait already. Then do not wait, and do not call blocking_end. blocking_refused
 * makes the error for the visitor, STATUS_BUSY with err->retry_after.
 */
bool blocking_begin(void);
void blocking_end(void);
enum status blocking_refused(struct error *err);
#define BLOCKING_RETRY_S 2 /* seconds until a retry; some waiting requests have ended by then */

/*
 * Calls blocking_begin, sleeps, and calls blocking_end. Returns false without sleeping if too many
 * requests wait already.
 */
bool blocking_sleep(long ms);

/*
 * blocking_wait works like pthread_cond_timedwait, blocking_lock like pthread_mutex_timedlock. Use
 * them to wait for another thread of this process. They call blocking_begin only after some
 * milliseconds, because most waits end before another thread could start to serve. until_ms is
 * monotonic. Both functions return 0, ETIMEDOUT, or EBUSY if too many requests wait already.
 *
 * Call blocking_wait in a loop that tests the condition before each call, always with the same
 * until_ms. After the first milliseconds, blocking_wait returns 0 even without a signal. The caller
 * must then test the condition again, because a signal at this moment is lost.
 */
int blocking_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);
int blocking_lock(pthread_mutex_t *lock, int64_t until_ms);

/*
 * Like blocking_wait, but without blocking_begin and blocking_end, for threads that serve no
 * request.
 */
int condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);

/* True if the visitor of this thread's request is known to have left. */
bool visitor_has_left(void);

#endif
