/*
 * Limits how many calls are made at the same time, in total and for one user. So a slow XMPP server
 * cannot occupy all threads, and a user with many tabs cannot take all permits. A request without a
 * permit waits in a queue, at most until its deadline. Thread-safe. Each process has its own
 * limits.
 */
#ifndef PREBIND_BULKHEAD_H
#define PREBIND_BULKHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"

struct bulkhead; /* opaque */

/*
 * A permit, or a place in the queue for a permit. The caller owns the struct, which must stay valid
 * from bulkhead_enter to bulkhead_leave.
 */
struct bulkhead_pass {
	const char *user; /* borrowed */
	TAILQ_ENTRY(bulkhead_pass) entry;
	bool inside;
	pthread_cond_t moved; /* signaled when `inside` becomes true */
};

/* `per_user` is the limit for one user, or 0 for no such limit. The caller frees *out. */
enum status bulkhead_new(long permits, long per_user, struct bulkhead **out, struct error *err);
void bulkhead_free(struct bulkhead *bulkhead); /* NULL is allowed; all passes must have ended */

/*
 * Waits for a permit until until_ms (monotonic). After STATUS_OK make the call, then call
 * bulkhead_leave. Returns STATUS_SLOW_DOWN if this user already has all permits that one user can
 * have. Returns STATUS_BUSY if no permit becomes free in time, or if too many requests wait
 * already. In both cases err->retry_after is set.
 */
enum status bulkhead_enter(struct bulkhead *bulkhead, struct bulkhead_pass *pass, const char *user,
			   int64_t until_ms, struct error *err);
void bulkhead_leave(struct bulkhead *bulkhead, struct bulkhead_pass *pass);

#endif
