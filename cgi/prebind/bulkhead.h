/*
 * How many calls are under way at once, in all and for one user (REL-UP-2, REL-UP-5). Who finds no
 * place waits for one, in the order of coming, but not for ever. Thread-safe; of one process.
 */
#ifndef PREBIND_BULKHEAD_H
#define PREBIND_BULKHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"

struct bulkhead; /* opaque */

/* A place, or a claim to one; the caller's, from enter to leave. */
struct bulkhead_pass {
	const char *user; /* borrowed */
	TAILQ_ENTRY(bulkhead_pass) entry;
	bool inside;
	pthread_cond_t moved; /* it is inside now */
};

/* per_user: of the places; 0: as many as there are. */
enum status bulkhead_new(long places, long per_user, struct bulkhead **out, struct error *err);
void bulkhead_free(struct bulkhead *bulkhead); /* takes NULL; nobody may be inside */

/*
 * STATUS_OK: go on, and leave afterwards. Until then (monotonic) there was no place: STATUS_BUSY;
 * or this user had all that are its: STATUS_SLOW_DOWN. err->retry_after is set for both.
 */
enum status bulkhead_enter(struct bulkhead *bulkhead, struct bulkhead_pass *pass, const char *user,
			   int64_t until_ms, struct error *err);
void bulkhead_leave(struct bulkhead *bulkhead, struct bulkhead_pass *pass);

#endif
