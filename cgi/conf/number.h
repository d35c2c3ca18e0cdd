/*
 * Reads and writes whole numbers and times in the configuration, such as 16, 250ms, 4s, 30m, 12h.
 * Also used by prebindctl.
 */
#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include <stdbool.h>

#include "base/strbuf.h"

#define NUMBER_SECOND_MS 1000LL
#define NUMBER_MINUTE_MS (60 * NUMBER_SECOND_MS)
#define NUMBER_HOUR_MS   (60 * NUMBER_MINUTE_MS)

/* far above all limits; this number of hours, in ms, still fits into a long long */
#define NUMBER_MAX 1000000000LL

/*
 * Reads the digits at *at and advances *at. A number above NUMBER_MAX becomes NUMBER_MAX + 1.
 * Returns false if there is no digit.
 */
bool number_read(const char **at, long long *out);

/*
 * Reads a time. Returns NULL if the text is valid, otherwise the reason as the end of a sentence,
 * such as "has no unit". Zero needs no unit.
 */
const char *number_time_read(const char *text, long long *ms);

/* Appends the time in the largest unit that gives a whole number. */
void number_time_write(long long ms, struct strbuf *out);

#endif
