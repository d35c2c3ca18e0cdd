/*
 * Whole numbers and times as the configuration writes them: 16, 250ms, 4s, 30m, 12h. For conf/ and
 * prebindctl.
 */
#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include <stdbool.h>

#include "base/strbuf.h"

#define NUMBER_SECOND_MS 1000LL
#define NUMBER_MINUTE_MS (60 * NUMBER_SECOND_MS)
#define NUMBER_HOUR_MS   (60 * NUMBER_MINUTE_MS)

#define NUMBER_MAX 1000000000LL /* far above every limit, and so many hours in ms fit a long long */

/*
 * Reads the digits at *at and goes behind them; more than NUMBER_MAX is NUMBER_MAX + 1. False: no
 * digit.
 */
bool number_read(const char **at, long long *out);

/* NULL, or what is wrong, to be read behind the text: "has no unit". A nought needs none. */
const char *number_time_read(const char *text, long long *ms);

/* In the largest unit that holds it without a rest. */
void number_time_write(long long ms, struct strbuf *out);

#endif
