/*
 * The times of a benchmark's answers and their percentiles, for load.c.
 */
#include "load_times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

static bool make_room(struct times *times, size_t room)
{
	double *us = realloc(times->us, room * sizeof(*us));

	if (!us)
		return false;
	times->us = us;
	times->room = room;
	return true;
}

bool times_keep(struct times *times, int64_t ns)
{
	if (times->count == times->room &&
	    !make_room(times, times->room ? 2 * times->room : ROOM_FIRST))
		return false;
	times->us[times->count++] = (double)ns / 1000;
	return true;
}

bool times_join(struct times *times, const struct times *more)
{
	if (more->count == 0)
		return true;
	if (!make_room(times, times->count + more->count))
		return false;
	memcpy(times->us + times->count, more->us, more->count * sizeof(*more->us));
	times->count += more->count;
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* By nearest rank: a time that was measured. None, where all failed: 0. */
static double percentile(const struct times *sorted, size_t percent)
{
	return sorted->count == 0 ? 0 : sorted->us[(sorted->count * percent + 99) / 100 - 1];
}

void times_print(struct times *times)
{
	if (times->count > 0)
		qsort(times->us, times->count, sizeof(*times->us), compare);
	printf("\"requests\":%zu,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f", times->count,
	       percentile(times, 50), percentile(times, 90), percentile(times, 99),
	       percentile(times, 100));
}

void times_clear(struct times *times)
{
	free(times->us);
	*times = (struct times){0};
}
