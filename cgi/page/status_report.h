/*
 * The numbers that /status shows for the last hour and the last day. status_page.c writes them as a
 * page, and status.c writes them as JSON. Internal to page/.
 */
#ifndef PAGE_STATUS_REPORT_H
#define PAGE_STATUS_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/history.h"
#include "base/recent_failures.h"

/* The groups of series on the page. */
enum status_group { GROUP_ALL, GROUP_SLOW, GROUP_FAILS, GROUP_LIMITED, GROUPS };

/* A series is a row of the tables and, if it has a plot, two plots. */
struct status_series {
	const char *name; /* as in JSON; the page shows the text status_NAME of the templates */
	enum status_group group;
	bool has_plot;
	bool adds_up; /* its values are added up; otherwise the largest one counts */
	enum { COUNT_OF, CALL_QUANTILE } kind;
	size_t of;   /* the first count that is used (enum history_count) */
	size_t many; /* how many counts are added up */
	int percent; /* the quantile in percent; its value is in ms */
};
extern const struct status_series status_series[];
extern const size_t status_series_count;

/* A step of the day has STATUS_STEP minutes. The oldest step is first; the last has not ended. */
#define STATUS_STEP      15
#define STATUS_DAY_STEPS (HISTORY_DAY / STATUS_STEP)
struct status_report {
	struct history_counts minutes[HISTORY_HOUR];
	struct history_counts quarters[STATUS_DAY_STEPS];
	struct history_counts hour, day; /* of all steps together */
	struct recent_failure failures[FAILURE_KINDS][RECENT_FAILURES_MAX];
	size_t n_failures[FAILURE_KINDS];
};

/* Returns a report, which the caller frees with free. NULL if out of memory. */
struct status_report *status_report_new(void);

/* Returns the value of a series for a step or a period. */
uint64_t status_value(const struct status_series *series, const struct history_counts *counts);

#endif
