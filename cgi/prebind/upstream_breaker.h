/*
 * The breaker of one address, and with whom it is shared. It holds the lock and the clock that
 * breaker.h leaves to its caller, and logs what the breaker does. Thread-safe.
 */
#ifndef PREBIND_UPSTREAM_BREAKER_H
#define PREBIND_UPSTREAM_BREAKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "prebind/breaker.h"
#include "store/limit.h"

enum breaker_owners {
	BREAKER_OF_PROCESS, /* nobody shares it */
	BREAKER_OF_CGI, /* plain CGI, a process for each request: every call reads and writes it */
	BREAKER_OF_ALL_NODES, /* many servers, by way of the database: see upstream_breaker.c */
};

struct breaker_sharing {
	enum breaker_owners owners;
	struct limit_store *limits; /* borrowed; where the shared state is */
	const char *scope;          /* precedes the URL in its key; constant */
};

struct upstream_breaker {
	const char *site, *url; /* borrowed */
	struct breaker_sharing sharing;
	pthread_mutex_t lock;   /* guards what follows; not held while the database is asked */
	struct breaker breaker; /* what this process knows of it */
	/* Only BREAKER_OF_ALL_NODES: */
	struct breaker_successes successes; /* not in the shared state yet */
	int64_t ahead_ms;                   /* the shared clock minus the monotonic clock */
	int64_t worked_ms;                  /* shared clock: when a call succeeded last */
	int64_t read_ms;                    /* monotonic: when the shared state was last asked */
	bool reading;                       /* a thread is asking it */
	bool
	    alone; /* it opened because our credentials were refused: others may have better ones */
	pthread_mutex_t turn; /* held while the shared state is changed; before lock */
};

/* A breaker of this process. site and url are borrowed. */
void upstream_breaker_init(struct upstream_breaker *upstream, const char *site, const char *url);
void upstream_breaker_clear(struct upstream_breaker *upstream);

/* From now on others share it. Call it before the first question. */
void upstream_breaker_share(struct upstream_breaker *upstream,
			    const struct breaker_sharing *sharing);

/* Like breaker_ask and breaker_tell; why: the failure of the call, for the log. */
enum breaker_pass upstream_breaker_ask(struct upstream_breaker *upstream, int64_t *wait_ms);
void upstream_breaker_tell(struct upstream_breaker *upstream, enum breaker_pass pass,
			   enum upstream_outcome outcome, const struct error *why);

#endif
