/*
 * The counters. Additions use relaxed memory order. The sums are still exact, and the order does
 * not matter.
 */
#include "base/metrics.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define HTTP_STATUSES (METRICS_HTTP_LAST - METRICS_HTTP_FIRST + 1)

const int64_t metrics_bucket_us[METRICS_BUCKETS] = {
    1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
};

const char *const metrics_scopes[METRICS_SCOPES] = {
    "login",   "login_device", "login_ip", "bind_user", "bind_ip",
    "gateway", "gateway_ip",   "people",   "guest_ip",
};

struct metrics {
	_Atomic uint64_t counts[METRIC_COUNTS];
	_Atomic uint64_t binds[METRICS_BACKENDS][STATUS_COUNT];
	_Atomic uint64_t calls[METRICS_BUCKETS + 1]; /* each call is in one bucket */
	_Atomic uint64_t calls_us;
	_Atomic uint64_t limited[METRICS_SCOPES];
	_Atomic int64_t gauges[METRICS_PROCESSES][METRIC_GAUGES];
	_Atomic uint64_t requests[METRICS_ROUTES][HTTP_STATUSES];
};

/* All processes share `metrics` after metrics_start. `process` is different in each process. */
static struct metrics *metrics;
static size_t process;

void metrics_start(void)
{
	void *shared =
	    mmap(NULL, sizeof(*metrics), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		metrics = shared; /* the kernel filled the memory with zeros */
}

bool metrics_are_on(void)
{
	return metrics != NULL;
}

void metrics_process(size_t index)
{
	process = index;
	metrics_process_ended(index);
}

void metrics_process_ended(size_t index)
{
	if (metrics == NULL || index >= METRICS_PROCESSES)
		return;
	for (size_t i = 0; i < METRIC_GAUGES; i++)
		atomic_store(&metrics->gauges[index][i], 0);
}

static void add(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void metrics_add(enum metrics_count count)
{
	if (metrics != NULL)
		add(&metrics->counts[count], 1);
}

/* Returns NULL if the metrics are off, or if the route or status is out of range. */
static _Atomic uint64_t *requests_of(size_t route, int http_status)
{
	if (metrics == NULL || route >= METRICS_ROUTES || http_status < METRICS_HTTP_FIRST ||
	    http_status > METRICS_HTTP_LAST)
		return NULL;
	return &metrics->requests[route][http_status - METRICS_HTTP_FIRST];
}

/* Returns NULL if the metrics are off, or if the back end or result is out of range. */
static _Atomic uint64_t *binds_of(size_t backend, enum status result)
{
	if (metrics == NULL || backend >= METRICS_BACKENDS || result >= STATUS_COUNT)
		return NULL;
	return &metrics->binds[backend][result];
}

void metrics_add_request(size_t route, int http_status)
{
	_Atomic uint64_t *counter = requests_of(route, http_status);

	if (counter != NULL)
		add(counter, 1);
}

void metrics_add_bind(size_t backend, enum status result)
{
	_Atomic uint64_t *counter = binds_of(backend, result);

	if (counter != NULL)
		add(counter, 1);
}

void metrics_add_call(int64_t us)
{
	size_t bucket = 0;

	if (metrics == NULL || us < 0)
		return;
	while (bucket < METRICS_BUCKETS && us > metrics_bucket_us[bucket])
		bucket++;
	add(&metrics->calls[bucket], 1);
	add(&metrics->calls_us, (uint64_t)us);
}

void metrics_add_limited(const char *scope)
{
	size_t i = 0;

	if (metrics == NULL)
		return;
	while (i < METRICS_SCOPES && strcmp(metrics_scopes[i], scope) != 0)
		i++;
	if (i < METRICS_SCOPES)
		add(&metrics->limited[i], 1);
}

void metrics_gauge_add(enum metrics_gauge gauge, int change)
{
	if (metrics != NULL && process < METRICS_PROCESSES)
		atomic_fetch_add_explicit(&metrics->gauges[process][gauge], change,
					  memory_order_relaxed);
}

/* ---- reading ---- */

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

uint64_t metrics_get(enum metrics_count count)
{
	return metrics == NULL ? 0 : get(&metrics->counts[count]);
}

uint64_t metrics_get_request(size_t route, int http_status)
{
	const _Atomic uint64_t *counter = requests_of(route, http_status);

	return counter == NULL ? 0 : get(counter);
}

uint64_t metrics_get_bind(size_t backend, enum status result)
{
	const _Atomic uint64_t *counter = binds_of(backend, result);

	return counter == NULL ? 0 : get(counter);
}

uint64_t metrics_get_limited(size_t scope)
{
	return metrics == NULL || scope >= METRICS_SCOPES ? 0 : get(&metrics->limited[scope]);
}

int64_t metrics_get_gauge(enum metrics_gauge gauge)
{
	int64_t sum = 0;

	for (size_t i = 0; metrics != NULL && i < METRICS_PROCESSES; i++)
		sum += atomic_load_explicit(&metrics->gauges[i][gauge], memory_order_relaxed);
	return sum;
}

void metrics_get_calls(uint64_t out[METRICS_BUCKETS + 1], uint64_t *sum_us)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		sum += metrics == NULL ? 0 : get(&metrics->calls[i]);
		out[i] = sum;
	}
	*sum_us = metrics == NULL ? 0 : get(&metrics->calls_us);
}
