/*
 * /status: the operator's page about the last hour and the last day. Clients that ask for JSON,
 * such as prebindctl status, get the same numbers as JSON. page/operator.c decides who is allowed
 * to read this page.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "page/page.h"
#include "page/status_report.h"
#include "page/status_page.h"

static bool wants_json(const struct exchange *ex)
{
	const char *accept = ex->req.accept;

	return accept != NULL && strstr(accept, "application/json") != NULL &&
	       strstr(accept, "text/html") == NULL;
}

static void put_period(struct json_writer *w, const char *key, const struct history_counts *counts)
{
	json_open_object(w, key);
	for (size_t i = 0; i < status_series_count; i++)
		json_put_integer(w, status_series[i].name,
				 (long long)status_value(&status_series[i], counts));
	json_close_object(w);
}

static void put_steps(struct json_writer *w, const char *key, const struct status_series *series,
		      const struct history_counts *steps, size_t count)
{
	json_open_array(w, key);
	for (size_t i = 0; i < count; i++)
		json_put_integer(w, NULL, (long long)status_value(series, &steps[i]));
	json_close_array(w);
}

static void put_plots(struct json_writer *w, const struct status_report *report)
{
	json_open_object(w, "plots");
	for (size_t i = 0; i < status_series_count; i++) {
		const struct status_series *series = &status_series[i];

		if (!series->has_plot)
			continue;
		json_open_object(w, series->name);
		put_steps(w, "hour", series, report->minutes, HISTORY_HOUR);
		put_steps(w, "day", series, report->quarters, STATUS_DAY_STEPS);
		json_close_object(w);
	}
	json_close_object(w);
}

static void put_failures(struct json_writer *w, const char *key,
			 const struct recent_failure *failures, size_t count)
{
	json_open_array(w, key);
	for (size_t i = 0; i < count; i++) {
		json_open_object(w, NULL);
		json_put_integer(w, "time", failures[i].time);
		json_put_string(w, "error", status_name(failures[i].status));
		json_put_string(w, "route", failures[i].route);
		json_put_string(w, "site", failures[i].site);
		json_put_string(w, "ip", failures[i].ip);
		json_put_string(w, "user", failures[i].user);
		json_put_string(w, "request_id", failures[i].id);
		json_close_object(w);
	}
	json_close_array(w);
}

static void send_json(struct exchange *ex, const struct status_report *report)
{
	struct strbuf json;
	struct json_writer w;

	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_string(&w, "version", PREBIND_VERSION);
	json_put_integer(&w, "time", ex->now);
	put_period(&w, "hour", &report->hour);
	put_period(&w, "day", &report->day);
	put_plots(&w, report);
	put_failures(&w, "failed", report->failures[FAILURE_FAILED],
		     report->n_failures[FAILURE_FAILED]);
	put_failures(&w, "limited", report->failures[FAILURE_LIMITED],
		     report->n_failures[FAILURE_LIMITED]);
	json_close_object(&w);
	page_send_json(ex, 200, &json);
	strbuf_clear(&json);
}

void status_handle(struct exchange *ex)
{
	struct error err = {0};
	struct status_report *report;

	if (!operator_may_read(ex)) {
		page_send_error(ex, STATUS_NOT_FOUND, NULL);
		return;
	}
	report = status_report_new();
	if (report == NULL)
		page_send_error(ex, error_no_memory(&err), &err);
	else if (wants_json(ex))
		send_json(ex, report);
	else
		status_page_send(ex, report);
	free(report);
}
