/*
 * Limits how many calls are made at the same time, in total and for one user. So a slow XMPP server
 * cannot occupy all threads, and a user with many tabs cannot take all permits. A request without a
 * permit waits in a queue until its time is up. Thread-safe; for one process.
 */
#ifndef PREBIND_BULKHEAD_H
#define PREBIND_BULKHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"

struct bulkhead; /* opaque */

/* A permit or a claim to one; owned by the caller, from enter to leave. */
struct bulkhead_pass {
	const char *user; /* borrowed */
	TAILQ_ENTRY(bulkhead_pass) entry;
	bool inside;
	pthread_cond_t moved; /* signalled when inside becomes true */
};

/* per_user is the number of permits for one user; 0: all of them. */
enum status bulkhead_new(long permits, long per_user, struct bulkhead **out, struct error *err);
void bulkhead_free(struct bulkhead *bulkhead); /* NULL is allowed; no pass may be inside */

/*
 * STATUS_OK: make the call, then call bulkhead_leave. If there was no permit until until_ms
 * (monotonic), STATUS_BUSY; if this user had all of the user's permits, STATUS_SLOW_DOWN. Both set
 * err->retry_after.
 */
enum status bulkhead_enter(struct bulkhead *bulkhead, struct bulkhead_pass *pass, const char *user,
			   int64_t until_ms, struct error *err);
void bulkhead_leave(struct bulkhead *bulkhead, struct bulkhead_pass *pass);

#endif
