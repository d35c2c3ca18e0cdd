/*
 * The report of /status from the history: each event is in its minute, its quarter of an hour, and
 * the sums; and the last requests that failed.
 */
#include "unit.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "page/status_report.h"

static const struct status_series *series_named(const char *name)
{
	for (size_t i = 0; i < status_series_count; i++)
		if (strcmp(status_series[i].name, name) == 0)
			return &status_series[i];
	fail_msg("no series %s", name);
	return NULL;
}

/* The counters of a process are global, so each test looks at what it has added to them. */
static void start(void)
{
	metrics_start();
	history_start();
	recent_failures_start();
}

static uint64_t sum_of(const struct history_counts *steps, size_t count, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += status_value(series_named(name), &steps[i]);
	return sum;
}

static void check_sums(const struct status_report *report, const char *name, uint64_t hour,
		       uint64_t day)
{
	assert_int_equal(status_value(series_named(name), &report->hour), hour);
	assert_int_equal(status_value(series_named(name), &report->day), day);
	if (!series_named(name)->adds_up)
		return;
	assert_int_equal(sum_of(report->minutes, HISTORY_HOUR, name), hour);
	assert_int_equal(sum_of(report->quarters, STATUS_DAY_STEPS, name), day);
}

GROUP(NULL, NULL)

TEST(test_without_history)
{
	struct history_counts counts;
	struct status_report *report = status_report_new();

	assert_non_null(report);
	check_sums(report, "requests", 0, 0);
	assert_false(history_at(history_minute() - 1, &counts));
	assert_int_equal(history_tick(), -1);
	free(report);
}

TEST(test_each_event_is_in_its_step)
{
	struct status_report *report;

	start();
	int64_t now = history_minute();
	history_note(now - HISTORY_DAY); /* what was before does not count */
	metrics_add_request(0, 200);
	metrics_add_request(0, 502);
	history_note(now - HISTORY_DAY + 1); /* the first minute of the day */
	metrics_add_request(1, 504);
	metrics_gauge_add(METRIC_WAITING, 7);
	history_note(now - HISTORY_HOUR); /* the last minute before the hour */
	metrics_gauge_add(METRIC_WAITING, -7);
	metrics_add_limited("bind_ip");
	history_note(now - HISTORY_HOUR + 1); /* the first minute of the hour */
	history_note(now - 1);
	metrics_add_limited("bind_ip");
	metrics_add_limited("login");
	report = status_report_new();
	assert_non_null(report);
	if (history_minute() ==
	    now) { /* else a minute has ended meanwhile: all is one step older */
		check_sums(report, "requests", 0, 3);
		check_sums(report, "errors", 0, 2);
		check_sums(report, "errors_504", 0, 1);
		check_sums(report, "limited", 3, 3);
		check_sums(report, "limit_bind_ip", 2, 2);
		check_sums(report, "limit_login", 1, 1);
		check_sums(report, "waiting", 0, 7);
		assert_int_equal(status_value(series_named("requests"), &report->quarters[0]), 2);
		assert_int_equal(status_value(series_named("limited"), &report->minutes[0]), 1);
		assert_int_equal(
		    status_value(series_named("limited"), &report->minutes[HISTORY_HOUR - 1]), 2);
	}
	free(report);
}

/* What is out of range is neither counted nor read. */
TEST(test_counters_have_bounds)
{
	static const int statuses[] = {METRICS_HTTP_FIRST - 1, METRICS_HTTP_LAST + 1, INT_MIN,
				       INT_MAX, -1};

	start();
	for (size_t i = 0; i < COUNT(statuses); i++) {
		metrics_add_request(METRICS_ROUTES - 1, statuses[i]);
		assert_int_equal(metrics_get_request(METRICS_ROUTES - 1, statuses[i]), 0);
		assert_int_equal(metrics_get_request(0, statuses[i]), 0);
	}
	metrics_add_request(METRICS_ROUTES, 200);
	assert_int_equal(metrics_get_request(METRICS_ROUTES, 200), 0);
	assert_int_equal(metrics_get_request(SIZE_MAX, 200), 0);
	metrics_add_bind(METRICS_BACKENDS, STATUS_OK);
	assert_int_equal(metrics_get_bind(METRICS_BACKENDS, STATUS_OK), 0);
	assert_int_equal(metrics_get_bind(SIZE_MAX, STATUS_OK), 0);
	metrics_add_bind(0, STATUS_COUNT);
	assert_int_equal(metrics_get_bind(0, STATUS_COUNT), 0);
	metrics_add_limited("nobody's limit");
	assert_int_equal(metrics_get_limited(METRICS_SCOPES), 0);
	assert_int_equal(metrics_get_limited(SIZE_MAX), 0);
}

TEST(test_history_is_a_day)
{
	struct history_counts counts;

	start();
	history_note(1000000);
	assert_true(history_at(1000000, &counts));
	history_note(1000000 + HISTORY_DAY);
	assert_false(history_at(1000000, &counts));
	assert_true(history_at(1000000 + HISTORY_DAY, &counts));
	int pause = history_tick();
	assert_true(pause > 0 && pause <= 60000);
}

TEST(test_quantiles)
{
	const struct status_series *median = series_named("call_median_ms");
	const struct status_series *most = series_named("call_95_ms");
	struct status_report *report;

	start();
	for (int i = 0; i < 90; i++)
		metrics_add_call(400); /* 1 ms is the first bound */
	for (int i = 0; i < 9; i++)
		metrics_add_call(200000); /* from 100 to 250 ms */
	metrics_add_call(60000000);
	report = status_report_new();
	assert_non_null(report);
	assert_int_equal(status_value(median, &report->hour), 1);
	assert_in_range(status_value(most, &report->hour), 100, 250);
	free(report);
}

TEST(test_failures)
{
	struct recent_failure got[RECENT_FAILURES_MAX];
	struct recent_failure failure = {.status = STATUS_CHAT_SERVER};

	start();
	assert_int_equal(recent_failures_get(FAILURE_FAILED, got), 0);
	for (int i = 0; i < RECENT_FAILURES_MAX + 3; i++) {
		failure.time = i;
		recent_failure_add(FAILURE_FAILED, &failure);
	}
	assert_int_equal(recent_failures_get(FAILURE_FAILED, got), RECENT_FAILURES_MAX);
	assert_int_equal(got[0].time, RECENT_FAILURES_MAX + 2);
	assert_int_equal(got[RECENT_FAILURES_MAX - 1].time, 3);
	assert_int_equal(recent_failures_get(FAILURE_LIMITED, got), 0);
	recent_failure_text(got[0].site, 4, "a\xc3\xa4\xc3\xb6");
	assert_string_equal(got[0].site, "a\xc3\xa4");
	recent_failure_text(got[0].site, sizeof(got[0].site), NULL);
	assert_string_equal(got[0].site, "");
}
