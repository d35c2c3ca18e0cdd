/*
 * The values of the counters (base/metrics.h) at the end of each minute of the last day. All
 * processes share the memory, which has a fixed size. One process writes to it once a minute, so
 * requests do no extra work. The difference between two values of a counter shows what happened
 * between the two minutes. Without history_start, as in plain CGI, there is no history.
 */
#ifndef BASE_HISTORY_H
#define BASE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"

#define HISTORY_HOUR 60
#define HISTORY_DAY  (24 * HISTORY_HOUR) /* minutes that are stored */

enum history_count {
	HISTORY_REQUESTS, /* all answers; the next four members each count one status */
	HISTORY_500,
	HISTORY_502,
	HISTORY_503,
	HISTORY_504,
	HISTORY_BINDS_OK,
	HISTORY_BINDS_FAILED,
	HISTORY_GUESTS, /* how many of HISTORY_BINDS_OK were for guests */
	HISTORY_LOGIN_OK,
	HISTORY_LOGIN_FAILED,
	HISTORY_REFUSED,
	HISTORY_DATABASE_ERRORS,
	HISTORY_CALLS_US, /* the time that all calls to XMPP servers took */
	HISTORY_WAITING,  /* not a counter: how many requests waited at that time */
	HISTORY_CALLS,    /* calls by duration, in the buckets of metrics_bucket_us */
	HISTORY_LIMITED = HISTORY_CALLS + METRICS_BUCKETS + 1, /* refusals, as in metrics_scopes */
	HISTORY_COUNTS = HISTORY_LIMITED + METRICS_SCOPES
};

struct history_counts {
	uint64_t of[HISTORY_COUNTS];
};

/* Call it once, after metrics_start and before the first fork. */
void history_start(void);

/*
 * Records the counts if a minute has ended since the last call. Only one process is allowed to call
 * it. Returns the milliseconds until the next call is due, or -1 if there is no history.
 */
int history_tick(void);

/* Returns the current minute, in minutes since 1970. */
int64_t history_minute(void);

/*
 * Writes the current counts to *out. out->of[HISTORY_CALLS + i] counts all calls up to the bound of
 * bucket i, so the last bucket counts all calls.
 */
void history_now(struct history_counts *out);

/*
 * Writes the counts at the end of a minute to *out. Returns false if the minute was not recorded,
 * or is more than a day ago.
 */
bool history_at(int64_t minute, struct history_counts *out);

/* For tests. Records the current counts as the counts at the end of `minute`. */
void history_note(int64_t minute);

#endif
