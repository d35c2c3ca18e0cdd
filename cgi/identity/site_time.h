/*
 * Reads times in the formats in which sites store them in their databases.
 */
#ifndef IDENTITY_SITE_TIME_H
#define IDENTITY_SITE_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum site_time {
	SITE_TIME_S,  /* seconds since 1970 (UTC) */
	SITE_TIME_MS, /* milliseconds since 1970 (UTC) */
	SITE_TIME_ISO /* "2026-11-22 14:15:16" in UTC; a fraction and a UTC offset can follow */
};

/*
 * Converts the text to seconds since 1970 (UTC). Returns false if the text is not a time in that
 * format.
 */
bool site_time_read(enum site_time format, const char *text, int64_t *out);

#endif
