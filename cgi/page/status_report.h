/*
 * What /status tells, as numbers: the last hour and the last day. status_page.c and status.c write
 * it as a page and as JSON. Internal to page/.
 */
#ifndef PAGE_STATUS_REPORT_H
#define PAGE_STATUS_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/history.h"
#include "base/troubles.h"

/* The groups of the page. */
enum status_group { GROUP_ALL, GROUP_SLOW, GROUP_FAILS, GROUP_LIMITED, GROUPS };

/* A series is a row of the tables and, if it has a plot, two plots. */
struct status_series {
	const char *name; /* in JSON; its text on the page is status_NAME of the templates */
	enum status_group group;
	bool has_plot;
	bool adds_up; /* it has a sum; of the others, the largest value counts */
	enum { COUNT_OF, CALL_QUANTILE } kind;
	size_t of;   /* the first count of enum history_count */
	size_t many; /* so many counts are added up */
	int percent; /* of the quantile, in ms */
};
extern const struct status_series status_series[];
extern const size_t status_series_count;

/* What happened in each step, the oldest first. The last step has not ended yet. */
#define STATUS_STEP      15
#define STATUS_DAY_STEPS (HISTORY_DAY / STATUS_STEP)
struct status_report {
	struct history_counts minutes[HISTORY_HOUR];
	struct history_counts quarters[STATUS_DAY_STEPS];
	struct history_counts hour, day; /* all together */
	struct trouble troubles[TROUBLE_KINDS][TROUBLES_MAX];
	size_t n_troubles[TROUBLE_KINDS];
};

/* Returns a report, which the caller frees with free. NULL: out of memory. */
struct status_report *status_report_new(void);

/* The value of a series for a step or a period. */
uint64_t status_value(const struct status_series *series, const struct history_counts *counts);

#endif
