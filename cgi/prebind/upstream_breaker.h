/*
 * The breaker of one address, which several processes can share. Adds the lock, the clock and the
 * log, which breaker.h leaves to its caller. Thread-safe.
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
	BREAKER_OF_PROCESS, /* not shared */
	BREAKER_OF_CGI, /* shared by the processes of plain CGI; every call reads and writes it */
	BREAKER_OF_ALL_NODES, /* shared by all nodes through the database, see upstream_breaker.c */
};

struct breaker_sharing {
	enum breaker_owners owners;
	struct limit_store *limits; /* borrowed; the shared state is stored there */
	const char *scope;          /* static; the key of the state is this string, then the URL */
};

struct upstream_breaker {
	const char *site, *url; /* borrowed */
	struct breaker_sharing sharing;
	pthread_mutex_t lock;   /* guards the members below; not held while the database is used */
	struct breaker breaker; /* this process's copy of the breaker's state */
	/* The members below are only for BREAKER_OF_ALL_NODES. */
	struct breaker_successes successes; /* not yet added to the shared state */
	int64_t ahead_ms;                   /* time of the shared clock minus the monotonic clock */
	int64_t worked_ms;                  /* when a call last succeeded, by the shared clock */
	int64_t read_ms;                    /* when the shared state was last read; monotonic */
	bool reading;                       /* a thread is reading the shared state */
	bool alone; /* opened only here, because the server refused the credentials of this node */
	pthread_mutex_t turn; /* held while the shared state is changed; taken before `lock` */
};

/* Initializes a breaker of this process only. site and url are borrowed. */
void upstream_breaker_init(struct upstream_breaker *upstream, const char *site, const char *url);
void upstream_breaker_clear(struct upstream_breaker *upstream);

/*
 * Shares the breaker with other processes from now on. Call this before the first
 * upstream_breaker_ask.
 */
void upstream_breaker_share(struct upstream_breaker *upstream,
			    const struct breaker_sharing *sharing);

/* Like breaker_ask and breaker_tell. `why` is the error of the failed call, for the log. */
enum breaker_pass upstream_breaker_ask(struct upstream_breaker *upstream, int64_t *wait_ms);
void upstream_breaker_tell(struct upstream_breaker *upstream, enum breaker_pass pass,
			   enum upstream_outcome outcome, const struct error *why);

#endif
