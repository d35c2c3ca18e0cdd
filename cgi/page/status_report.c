/*
 * Computes the numbers of /status from the history of the counters.
 */
#include "page/status_report.h"

#include <stdlib.h>

#define COUNT(index) .kind = COUNT_OF, .adds_up = true, .of = (index), .many = 1
#define COUNTS(first, last)                                                                        \
	.kind = COUNT_OF, .adds_up = true, .of = (first), .many = (last) - (first) + 1
#define LIMIT(scope) COUNT(HISTORY_LIMITED + (scope))

/* Formatted by hand, with one row per line. The limits have the same order as metrics_scopes. */
/* clang-format off */
const struct status_series status_series[] = {
	{"requests",           GROUP_ALL,     .has_plot = true, COUNT(HISTORY_REQUESTS)},
	{"sessions",           GROUP_ALL,     .has_plot = true, COUNT(HISTORY_BINDS_OK)},
	{"guests",             GROUP_ALL,     COUNT(HISTORY_GUESTS)},
	{"logins",             GROUP_ALL,     COUNT(HISTORY_LOGIN_OK)},
	{"call_median_ms",     GROUP_SLOW,    .kind = CALL_QUANTILE, .percent = 50},
	{"call_95_ms",         GROUP_SLOW,    .has_plot = true, .kind = CALL_QUANTILE, .percent = 95},
	{"waiting",            GROUP_SLOW,    .has_plot = true, .kind = COUNT_OF, .of = HISTORY_WAITING, .many = 1},
	{"errors",             GROUP_FAILS,   .has_plot = true, COUNTS(HISTORY_500, HISTORY_504)},
	{"errors_500",         GROUP_FAILS,   COUNT(HISTORY_500)},
	{"errors_502",         GROUP_FAILS,   COUNT(HISTORY_502)},
	{"errors_503",         GROUP_FAILS,   COUNT(HISTORY_503)},
	{"errors_504",         GROUP_FAILS,   COUNT(HISTORY_504)},
	{"sessions_failed",    GROUP_FAILS,   COUNT(HISTORY_BINDS_FAILED)},
	{"logins_failed",      GROUP_FAILS,   COUNT(HISTORY_LOGIN_FAILED)},
	{"database_errors",    GROUP_FAILS,   COUNT(HISTORY_DATABASE_ERRORS)},
	{"limited",            GROUP_LIMITED, .has_plot = true, COUNTS(HISTORY_LIMITED, HISTORY_COUNTS - 1)},
	{"limit_login",        GROUP_LIMITED, LIMIT(0)},
	{"limit_login_device", GROUP_LIMITED, LIMIT(1)},
	{"limit_login_ip",     GROUP_LIMITED, LIMIT(2)},
	{"limit_bind_user",    GROUP_LIMITED, LIMIT(3)},
	{"limit_bind_ip",      GROUP_LIMITED, LIMIT(4)},
	{"limit_gateway",      GROUP_LIMITED, LIMIT(5)},
	{"limit_gateway_ip",   GROUP_LIMITED, LIMIT(6)},
	{"limit_people",       GROUP_LIMITED, LIMIT(7)},
	{"limit_guest_ip",     GROUP_LIMITED, LIMIT(8)},
	{"refused",            GROUP_LIMITED, COUNT(HISTORY_REFUSED)},
};
/* clang-format on */
const size_t status_series_count = sizeof(status_series) / sizeof(status_series[0]);

/*
 * Adds the counts between two moments to *sum. For a gauge, stores the largest value in *sum
 * instead.
 */
static void add(struct history_counts *sum, const struct history_counts *from,
		const struct history_counts *to)
{
	for (size_t i = 0; i < HISTORY_COUNTS; i++) {
		if (i == HISTORY_WAITING)
			sum->of[i] = to->of[i] > sum->of[i] ? to->of[i] : sum->of[i];
		else if (to->of[i] > from->of[i])
			sum->of[i] += to->of[i] - from->of[i];
	}
}

static void fill(struct status_report *report)
{
	int64_t now = history_minute();
	struct history_counts before, then;
	bool has_before = false;

	for (int back = HISTORY_DAY; back >= 0; back--) {
		size_t at = (size_t)(HISTORY_DAY - 1 - back);

		if (back == 0)
			history_now(&then);
		else if (!history_at(now - back, &then))
			continue;
		if (has_before && back < HISTORY_DAY) {
			add(&report->quarters[at / STATUS_STEP], &before, &then);
			add(&report->day, &before, &then);
		}
		if (has_before && back < HISTORY_HOUR) {
			add(&report->minutes[HISTORY_HOUR - 1 - back], &before, &then);
			add(&report->hour, &before, &then);
		}
		before = then;
		has_before = true;
	}
}

struct status_report *status_report_new(void)
{
	struct status_report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		return NULL;
	fill(report);
	for (enum failure_kind kind = 0; kind < FAILURE_KINDS; kind++)
		report->n_failures[kind] = recent_failures_get(kind, report->failures[kind]);
	return report;
}

/*
 * Returns the time in ms within which this percentage of the calls was answered. The time is
 * estimated from a histogram, as in Prometheus: the calls between two bounds are assumed to be
 * evenly spread. A call that took longer than the last bound is treated as if it had taken exactly
 * that long.
 */
static uint64_t quantile_ms(const struct history_counts *counts, int percent)
{
	const uint64_t *calls = &counts->of[HISTORY_CALLS];
	uint64_t rank = (calls[METRICS_BUCKETS] * (uint64_t)percent + 99) / 100;
	uint64_t below = 0, from = 0;

	if (rank == 0)
		return 0;
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		uint64_t bound = (uint64_t)metrics_bucket_us[i];

		if (calls[i] >= rank)
			return (from + (bound - from) * (rank - below) / (calls[i] - below) + 999) /
			       1000;
		below = calls[i];
		from = bound;
	}
	return from / 1000;
}

uint64_t status_value(const struct status_series *series, const struct history_counts *counts)
{
	uint64_t sum = 0;

	if (series->kind == CALL_QUANTILE)
		return quantile_ms(counts, series->percent);
	for (size_t i = 0; i < series->many; i++)
		sum += counts->of[series->of + i];
	return sum;
}
