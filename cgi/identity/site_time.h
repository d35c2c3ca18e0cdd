/*
 * The times in a site's own database, in the formats in which sites store them.
 */
#ifndef IDENTITY_SITE_TIME_H
#define IDENTITY_SITE_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum site_time {
	SITE_TIME_S,  /* seconds since 1970 UTC */
	SITE_TIME_MS, /* milliseconds since 1970 UTC */
	SITE_TIME_ISO /* "2026-11-22 14:15:16", UTC; a fraction and a zone of UTC can follow */
};

/* Sets *out to seconds since 1970 UTC. Returns false if the text is not a time in that format. */
bool site_time_read(enum site_time format, const char *text, int64_t *out);

#endif
