/*
 * The history is a ring with a place for each minute of a day. Each place also stores which minute
 * it holds, so that an old value is not returned for a minute that was not recorded, for example
 * because the machine slept.
 */
#include "base/history.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/clock.h"

#define MINUTE_MS 60000

struct slot {
	_Atomic int64_t minute; /* 0 if no minute is stored yet, or while it is being written */
	_Atomic uint64_t of[HISTORY_COUNTS];
};

struct history {
	_Atomic int64_t last; /* the last minute that was recorded */
	struct slot slots[HISTORY_DAY];
};

/* Shared by all processes; NULL if there is no history. */
static struct history *history;

void history_start(void)
{
	void *shared =
	    mmap(NULL, sizeof(*history), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return;
	history = shared;                   /* the kernel filled the memory with zeros */
	history_note(history_minute() - 1); /* records the counts, which are all 0 */
}

int64_t history_minute(void)
{
	return clock_wall_ms() / MINUTE_MS;
}

static uint64_t requests_with(int http_status)
{
	uint64_t sum = 0;

	for (size_t route = 0; route < METRICS_ROUTES; route++)
		sum += metrics_get_request(route, http_status);
	return sum;
}

static void count_requests(uint64_t *of)
{
	of[HISTORY_REQUESTS] = 0;
	for (int http = METRICS_HTTP_FIRST; http <= METRICS_HTTP_LAST; http++)
		of[HISTORY_REQUESTS] += requests_with(http);
	of[HISTORY_500] = requests_with(500);
	of[HISTORY_502] = requests_with(502);
	of[HISTORY_503] = requests_with(503);
	of[HISTORY_504] = requests_with(504);
}

/*
 * True if the XMPP server or prebind failed. A user who has no account or has left does not count
 * as a failure.
 */
static bool is_failure(enum status result)
{
	return status_http(result) >= 500;
}

static void count_binds(uint64_t *of)
{
	of[HISTORY_BINDS_OK] = of[HISTORY_BINDS_FAILED] = 0;
	of[HISTORY_GUESTS] = metrics_get_bind(METRICS_GUESTS, STATUS_OK);
	for (size_t backend = 0; backend < METRICS_BACKENDS; backend++) {
		of[HISTORY_BINDS_OK] += metrics_get_bind(backend, STATUS_OK);
		for (enum status result = 0; result < STATUS_COUNT; result++)
			if (is_failure(result))
				of[HISTORY_BINDS_FAILED] += metrics_get_bind(backend, result);
	}
}

void history_now(struct history_counts *out)
{
	uint64_t *of = out->of;
	int64_t waiting = metrics_get_gauge(METRIC_WAITING);

	count_requests(of);
	count_binds(of);
	of[HISTORY_LOGIN_OK] = metrics_get(METRIC_LOGIN_OK);
	of[HISTORY_LOGIN_FAILED] = metrics_get(METRIC_LOGIN_FAILED);
	of[HISTORY_REFUSED] = metrics_get(METRIC_REFUSED_NO_DESCRIPTOR) +
			      metrics_get(METRIC_REFUSED_WAITING_MAX) +
			      metrics_get(METRIC_REFUSED_UPSTREAM_MAX);
	of[HISTORY_DATABASE_ERRORS] =
	    metrics_get(METRIC_DATABASE_ERROR) + metrics_get(METRIC_SITE_DATABASE_ERROR);
	of[HISTORY_WAITING] = waiting > 0 ? (uint64_t)waiting : 0;
	metrics_get_calls(&of[HISTORY_CALLS], &of[HISTORY_CALLS_US]);
	for (size_t i = 0; i < METRICS_SCOPES; i++)
		of[HISTORY_LIMITED + i] = metrics_get_limited(i);
}

static struct slot *slot_of(int64_t minute)
{
	return &history->slots[minute % HISTORY_DAY];
}

void history_note(int64_t minute)
{
	struct history_counts now;
	struct slot *slot;

	if (history == NULL || minute <= 0)
		return;
	slot = slot_of(minute);
	history_now(&now);
	atomic_store(&slot->minute, 0);
	for (size_t i = 0; i < HISTORY_COUNTS; i++)
		atomic_store_explicit(&slot->of[i], now.of[i], memory_order_relaxed);
	atomic_store(&slot->minute, minute);
	atomic_store(&history->last, minute);
}

int history_tick(void)
{
	int64_t now_ms = clock_wall_ms();
	int64_t ended = now_ms / MINUTE_MS - 1;

	if (history == NULL)
		return -1;
	if (ended != atomic_load(&history->last)) /* also true after the clock was set back */
		history_note(ended);
	return (int)(MINUTE_MS - now_ms % MINUTE_MS);
}

bool history_at(int64_t minute, struct history_counts *out)
{
	const struct slot *slot;

	if (history == NULL || minute <= 0)
		return false;
	slot = slot_of(minute);
	if (atomic_load(&slot->minute) != minute)
		return false;
	for (size_t i = 0; i < HISTORY_COUNTS; i++)
		out->of[i] = atomic_load_explicit(&slot->of[i], memory_order_relaxed);
	return atomic_load(&slot->minute) == minute;
}
