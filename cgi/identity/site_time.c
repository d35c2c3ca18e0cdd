/*
 * Reads times from a site's own database.
 */
#include "identity/site_time.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIGITS "0123456789"

static bool iso_read(const char *text, int64_t *out)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%d", &tm);

	if (rest == NULL || (*rest != ' ' && *rest != 'T'))
		return false;
	rest = strptime(rest + 1, "%H:%M:%S", &tm);
	if (rest == NULL)
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, DIGITS);
	/* PostgreSQL writes UTC as "+00" */
	if (*rest != '\0' && strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0 &&
	    strcmp(rest, "+00") != 0)
		return false;
	*out = timegm(&tm);
	return true;
}

static bool whole_read(const char *text, int64_t *out)
{
	size_t len = strspn(text, DIGITS);

	/* a number of 18 digits always fits an int64_t */
	if (len == 0 || len > 18 || text[len] != '\0')
		return false;
	*out = strtoll(text, NULL, 10);
	return true;
}

bool site_time_read(enum site_time format, const char *text, int64_t *out)
{
	if (format == SITE_TIME_ISO)
		return iso_read(text, out);
	if (!whole_read(text, out))
		return false;
	if (format == SITE_TIME_MS)
		*out /= 1000;
	return true;
}
