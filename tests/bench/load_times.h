/*
 * How long answers took: kept by each visitor, put together at the end. It knows no request.
 */
#ifndef BENCH_LOAD_TIMES_H
#define BENCH_LOAD_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct times {
	double *us;
	size_t count, room;
};

/* False: out of memory. */
bool times_keep(struct times *times, int64_t ns);

/* All of more's, too. False: out of memory. */
bool times_join(struct times *times, const struct times *more);

/* Members of a JSON object, to stdout: how many, and the percentiles. Sorts them. */
void times_print(struct times *times);

void times_clear(struct times *times);

#endif
