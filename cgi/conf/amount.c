/*
 * Reads and writes numbers, times and limits. Digits and units are read in number.c.
 */
#include "conf/amount.h"

#include <string.h>

#include "conf/number.h"

#define LIMIT_COUNT_MAX  1000000 /* to allow more, the operator sets the limit to off */
#define LIMIT_PERIOD_MIN NUMBER_SECOND_MS
#define LIMIT_PERIOD_MAX (24 * NUMBER_HOUR_MS) /* in ms; counts are not stored for longer */

static const char *ranged_set(const struct conf_key *key, long long number, void *field)
{
	if (number < key->min)
		return "is too small";
	if (number > key->max)
		return "is too large";
	*(long *)field = (long)number;
	return NULL;
}

const char *amount_integer_read(const struct conf_key *key, const char *text, void *field)
{
	const char *at = text;
	long long number;

	if (!number_read(&at, &number) || *at != '\0')
		return "is not a whole number";
	return ranged_set(key, number, field);
}

const char *amount_seconds_read(const struct conf_key *key, const char *text, void *field)
{
	const char *at = text;
	long long number;

	if (number_read(&at, &number) && *at == '\0')
		return ranged_set(key, number, field);

	long long ms;
	const char *reason = number_time_read(text, &ms);
	if (reason == NULL && ms % NUMBER_SECOND_MS != 0)
		reason = "is not a whole number of seconds";
	return reason != NULL ? reason : ranged_set(key, ms / NUMBER_SECOND_MS, field);
}

const char *amount_time_read(const struct conf_key *key, const char *text, void *field)
{
	long long ms;
	const char *reason = number_time_read(text, &ms);

	return reason != NULL ? reason : ranged_set(key, ms, field);
}

const char *amount_limit_read(const struct conf_key *key, const char *text, void *field)
{
	struct conf_limit *limit = field;
	const char *at = text;
	long long count;
	long long period;

	(void)key;
	if (strcmp(text, "off") == 0) {
		*limit = (struct conf_limit){0};
		return NULL;
	}
	if (!number_read(&at, &count) || *at++ != '/')
		return "is not a limit";
	const char *reason = number_time_read(at, &period);
	if (reason != NULL)
		return reason;
	if (count < 1 || count > LIMIT_COUNT_MAX)
		return "has a number that is too small or too large";
	if (period < LIMIT_PERIOD_MIN || period > LIMIT_PERIOD_MAX)
		return "has a time that is too short or too long";
	*limit = (struct conf_limit){.count = (long)count, .period_ms = (long)period};
	return NULL;
}

void amount_write(const void *field, struct strbuf *out)
{
	strbuf_addf(out, "%ld", *(const long *)field);
}

void amount_time_write(const void *field, struct strbuf *out)
{
	number_time_write(*(const long *)field, out);
}

void amount_limit_write(const void *field, struct strbuf *out)
{
	const struct conf_limit *limit = field;

	if (limit->count == 0) {
		strbuf_adds(out, "off");
		return;
	}
	strbuf_addf(out, "%ld/", limit->count);
	number_time_write(limit->period_ms, out);
}
