/*
 * The wall clock and the monotonic clock. Code that depends on the time takes a parameter `now`, so
 * that tests can set it. Only the outermost callers call these functions.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall(void); /* in seconds since 1970-01-01 UTC */
int64_t clock_wall_ms(void);
int64_t clock_monotonic_ms(void); /* milliseconds; for deadlines */
int64_t clock_monotonic_us(void); /* microseconds; for measurements */
/*
 * The monotonic time of the last clock tick, in milliseconds. It is up to 10 ms old, but reading it
 * takes only a quarter of the time of clock_monotonic_ms.
 */
int64_t clock_monotonic_coarse_ms(void);

/* Milliseconds left until a monotonic deadline; 0 if it has passed. */
int64_t clock_left_ms(int64_t deadline_ms);

#endif
