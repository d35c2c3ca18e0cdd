/*
 * Counts what a server does, in memory that all its processes share. A counter only grows, and
 * stays exact after a reload and after a process has died. A gauge has a cell for each process. The
 * cell becomes 0 when the process ends. A change is one atomic addition. Without metrics_start, as
 * in plain CGI and in the tools, nothing is counted and no memory is shared. page/metrics.c writes
 * the numbers.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define METRICS_PROCESSES  64 /* maximum number of processes of a server */
#define METRICS_ROUTES     16 /* the routes, and one for all other paths */
#define METRICS_HTTP_FIRST 100
#define METRICS_HTTP_LAST  599
#define METRICS_BUCKETS    12 /* buckets with an upper bound; one more bucket has no bound */
#define METRICS_BACKENDS   3  /* tigase, bosh, and the back end of guests */
#define METRICS_SCOPES     9  /* entries of metrics_scopes */
#define METRICS_GUESTS     2  /* index of the back end of guests */

enum metrics_count {
	METRIC_LOGIN_OK,
	METRIC_LOGIN_FAILED,
	METRIC_REFUSED_NO_DESCRIPTOR,
	METRIC_REFUSED_WAITING_MAX,
	METRIC_REFUSED_UPSTREAM_MAX,
	METRIC_BREAKER_OPENED,
	METRIC_DATABASE_ERROR,
	METRIC_SITE_DATABASE_ERROR,
	METRIC_COUNTS
};

enum metrics_gauge {
	METRIC_WAITING,       /* requests that wait for another program */
	METRIC_BREAKERS_OPEN, /* addresses of XMPP servers whose breaker is open */
	METRIC_GAUGES
};

/* The buckets for calls to XMPP servers, by how long the calls took. */
extern const int64_t metrics_bucket_us[METRICS_BUCKETS]; /* upper bounds, inclusive */

/* The scopes of limits (store/limit.h) that refuse a visitor. */
extern const char *const metrics_scopes[METRICS_SCOPES];

/* Call it once, before the first fork. If there is no memory, nothing is counted. */
void metrics_start(void);
bool metrics_are_on(void);

/*
 * Call it in each new process that serves requests. `index` (0 or more) selects the cells of the
 * process's gauges, which begin at 0.
 */
void metrics_process(size_t index);
void metrics_process_ended(size_t index); /* call it in the parent */

/*
 * Any thread can call the functions below. A route, status, back end or scope out of range is not
 * counted, and its count is 0.
 */
void metrics_add(enum metrics_count count);
void metrics_add_request(size_t route, int http_status);
void metrics_add_bind(size_t backend, enum status result);
void metrics_add_call(int64_t us);
void metrics_add_limited(const char *scope);
void metrics_gauge_add(enum metrics_gauge gauge, int change);

uint64_t metrics_get(enum metrics_count count);
uint64_t metrics_get_request(size_t route, int http_status);
uint64_t metrics_get_bind(size_t backend, enum status result);
uint64_t metrics_get_limited(size_t scope);
int64_t metrics_get_gauge(enum metrics_gauge gauge); /* sum over all processes */

/*
 * Writes for each bucket how many calls took at most its upper bound; the last element counts all
 * calls. *sum_us is the total time of all calls, in microseconds.
 */
void metrics_get_calls(uint64_t out[METRICS_BUCKETS + 1], uint64_t *sum_us);

#endif
