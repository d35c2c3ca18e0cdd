/*
 * Fills the template status.html. A plot is a line in an SVG image, and its points are the value of
 * an attribute. The text below the image gives the same information.
 */
#include "page/status_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/codec.h"

#define TEMPLATE "status.html"
/* The size of the image in SVG units, as in the template. */
#define PLOT_WIDTH  240
#define PLOT_HEIGHT 48
#define TIME_SIZE   32

/* The names of the template's lists, one for each group. */
static const char *const plots_of[GROUPS] = {"plots", "slow_plots", "fail_plots", "limit_plots"};
static const char *const rows_of[GROUPS] = {"rows", "slow_rows", "fail_rows", "limit_rows"};

struct plot_names {
	const char *line, *sum, *top;
};
static const struct plot_names hour_names = {"hour_line", "hour_sum", "hour_top"};
static const struct plot_names day_names = {"day_line", "day_sum", "day_top"};

/*
 * Returns the title of a series from the templates. If the templates have no title, returns the
 * series' name.
 */
static const char *title_of(const struct exchange *ex, const struct status_series *series)
{
	const char *title = series->name;
	struct strbuf key;

	strbuf_init(&key);
	strbuf_addf(&key, "status_%s", series->name);
	if (strbuf_ok(&key))
		title = page_text(ex, key.data, title);
	strbuf_clear(&key);
	return title;
}

static void view_number(struct view *view, const char *name, uint64_t value)
{
	char text[CODEC_DECIMAL_SIZE];

	view_text(view, name, codec_decimal(text, (long long)value));
}

static uint64_t largest(const struct status_series *series, const struct history_counts *steps,
			size_t count)
{
	uint64_t top = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t value = status_value(series, &steps[i]);

		top = value > top ? value : top;
	}
	return top;
}

/*
 * Adds the points of a line, such as "0,48 4,36 …", from left to right. The largest value is at the
 * top edge.
 */
static void view_line(struct view *view, const struct plot_names *names,
		      const struct status_series *series, const struct history_counts *steps,
		      size_t count)
{
	uint64_t top = largest(series, steps, count);
	struct strbuf line;

	strbuf_init(&line);
	for (size_t i = 0; i < count; i++) {
		uint64_t value = status_value(series, &steps[i]);
		uint64_t height = top == 0 ? 0 : value * PLOT_HEIGHT / top;

		strbuf_addf(&line, "%s%zu,%" PRIu64, i > 0 ? " " : "", i * PLOT_WIDTH / (count - 1),
			    PLOT_HEIGHT - height);
	}
	view_text(view, names->line, strbuf_ok(&line) ? line.data : NULL);
	view_number(view, names->top, top);
	strbuf_clear(&line);
}

static void view_plots(const struct exchange *ex, const struct status_report *report,
		       const struct status_series *series, struct view *view)
{
	struct view *plot = view_row(view, plots_of[series->group]);

	view_text(plot, "title", title_of(ex, series));
	view_line(plot, &hour_names, series, report->minutes, HISTORY_HOUR);
	view_line(plot, &day_names, series, report->quarters, STATUS_DAY_STEPS);
	if (!series->adds_up)
		return;
	view_number(plot, hour_names.sum, status_value(series, &report->hour));
	view_number(plot, day_names.sum, status_value(series, &report->day));
}

static void view_numbers(const struct exchange *ex, const struct status_report *report,
			 const struct status_series *series, struct view *view)
{
	struct view *row = view_row(view, rows_of[series->group]);

	view_text(row, "title", title_of(ex, series));
	view_number(row, "hour", status_value(series, &report->hour));
	view_number(row, "day", status_value(series, &report->day));
}

/* Writes the time as "2026-11-29 17:30:05 UTC". */
static void view_time(struct view *view, const char *name, int64_t seconds)
{
	time_t when = (time_t)seconds;
	char text[TIME_SIZE];
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL && strftime(text, sizeof(text), "%F %T UTC", &tm) > 0)
		view_text(view, name, text);
}

static void view_failures(const struct exchange *ex, const struct status_report *report,
			  enum failure_kind kind, struct view *view)
{
	for (size_t i = 0; i < report->n_failures[kind]; i++) {
		const struct recent_failure *failure = &report->failures[kind][i];
		struct view *row = view_row(view, kind == FAILURE_FAILED ? "failures" : "refusals");

		view_time(row, "at", failure->time);
		view_text(row, "what", page_status_title(ex, failure->status));
		view_text(row, "route", failure->route);
		view_text(row, "site", failure->site);
		view_text(row, "who", failure->user[0] != '\0' ? failure->user : failure->ip);
		view_text(row, "id", failure->id);
	}
}

static void fill(const struct exchange *ex, const struct status_report *report, struct view *view)
{
	view_text(view, "version", PREBIND_VERSION);
	view_time(view, "time", ex->now);
	for (size_t i = 0; i < status_series_count; i++) {
		if (status_series[i].has_plot)
			view_plots(ex, report, &status_series[i], view);
		view_numbers(ex, report, &status_series[i], view);
	}
	view_failures(ex, report, FAILURE_FAILED, view);
	view_failures(ex, report, FAILURE_LIMITED, view);
}

/*
 * Checks that the site is open and has the template. The operator's own templates can be older than
 * the program and lack this template.
 */
static enum status template_check(const struct exchange *ex, struct error *err)
{
	const struct site *site = ex->site;

	if (site->templates == NULL)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the site cannot be opened, so its status page is not available; "
				 "request JSON, or run `prebindctl status`");
	if (template_has(site->templates, TEMPLATE))
		return STATUS_OK;
	return error_set(err, STATUS_NOT_FOUND,
			 "the folder %s contains no " TEMPLATE
			 "; copy the file from the installed templates",
			 site->conf->templates);
}

void status_page_send(struct exchange *ex, const struct status_report *report)
{
	struct error err = {0};
	enum status status = template_check(ex, &err);

	if (status != STATUS_OK) {
		page_send_error(ex, status, &err);
		return;
	}
	struct view *view = view_new();
	if (view != NULL)
		fill(ex, report, view);
	page_send(ex, 200, TEMPLATE, view);
	view_free(view);
}
