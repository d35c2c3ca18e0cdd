/*
 * The last day of the counters (base/metrics.h): what they were at the end of each minute. The
 * memory is shared by all processes and has a fixed size. One process writes it, once a minute, so
 * a request pays nothing. What happened between two minutes is the difference of their counts.
 * Without history_start, as in plain CGI, there is no history.
 */
#ifndef BASE_HISTORY_H
#define BASE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"

#define HISTORY_HOUR 60
#define HISTORY_DAY  (24 * HISTORY_HOUR) /* minutes that are kept */

enum history_count {
	HISTORY_REQUESTS, /* all answers; the next four are those with this status */
	HISTORY_500,
	HISTORY_502,
	HISTORY_503,
	HISTORY_504,
	HISTORY_BINDS_OK,
	HISTORY_BINDS_FAILED,
	HISTORY_GUESTS, /* of HISTORY_BINDS_OK, those of guests */
	HISTORY_LOGIN_OK,
	HISTORY_LOGIN_FAILED,
	HISTORY_REFUSED,
	HISTORY_DATABASE_ERRORS,
	HISTORY_CALLS_US, /* the time of all calls to XMPP servers */
	HISTORY_WAITING,  /* not a counter: the requests that waited then */
	HISTORY_CALLS,    /* the calls by the time they took, as in metrics_bucket_us */
	HISTORY_LIMITED = HISTORY_CALLS + METRICS_BUCKETS + 1, /* by scope, as metrics_scopes */
	HISTORY_COUNTS = HISTORY_LIMITED + METRICS_SCOPES
};

struct history_counts {
	uint64_t of[HISTORY_COUNTS];
};

/* Call it once, after metrics_start and before the first fork. */
void history_start(void);

/*
 * Notes the counts if a minute has ended since the last call. Only one process may call it. Returns
 * the milliseconds until the next call is due; -1: there is no history.
 */
int history_tick(void);

/* The minute that has not ended yet, in minutes since 1970. */
int64_t history_minute(void);

/* The counts at present; of[HISTORY_CALLS + i] grow to the count of all calls. */
void history_now(struct history_counts *out);

/* The counts at the end of a minute. False: it was not noted, or more than a day has passed. */
bool history_at(int64_t minute, struct history_counts *out);

/* For tests: notes the present counts as those at the end of that minute. */
void history_note(int64_t minute);

#endif
