/*
 * The numbers for the last hour and the last day on /status. status_page.c writes them as a page,
 * status.c as JSON. Internal to page/.
 */
#ifndef PAGE_STATUS_REPORT_H
#define PAGE_STATUS_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/history.h"
#include "base/recent_failures.h"

/* The page shows the series in these groups. */
enum status_group { GROUP_ALL, GROUP_SLOW, GROUP_FAILS, GROUP_LIMITED, GROUPS };

/*
 * A series is a number over time. It is a row in a table and, if it has plots, a plot of the last
 * hour and a plot of the last day.
 */
struct status_series {
	const char *name; /* name in JSON; the title is the text status_NAME of the templates */
	enum status_group group;
	bool has_plot;
	bool adds_up; /* a period's value is the sum of its steps; if false, the largest of them */
	enum { COUNT_OF, CALL_QUANTILE } kind;
	size_t of;   /* the first count of the series (enum history_count) */
	size_t many; /* number of counts to add up */
	int percent; /* the quantile in percent; the series then has values in ms */
};
extern const struct status_series status_series[];
extern const size_t status_series_count;

/*
 * The length of a step of the day, in minutes. In a report the oldest step comes first, and the
 * last step has not ended yet.
 */
#define STATUS_STEP      15
#define STATUS_DAY_STEPS (HISTORY_DAY / STATUS_STEP)
struct status_report {
	struct history_counts minutes[HISTORY_HOUR];
	struct history_counts quarters[STATUS_DAY_STEPS];
	struct history_counts hour, day; /* sums of all steps */
	struct recent_failure failures[FAILURE_KINDS][RECENT_FAILURES_MAX];
	size_t n_failures[FAILURE_KINDS];
};

/* Returns a report, or NULL if out of memory. The caller frees it with free. */
struct status_report *status_report_new(void);

/* Returns the value of the series for the counts of a step or a period. */
uint64_t status_value(const struct status_series *series, const struct history_counts *counts);

#endif
