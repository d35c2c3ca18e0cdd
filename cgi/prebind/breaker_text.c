/*
 * A breaker is written as the numbers of struct breaker in decimal, separated by spaces. The first
 * number is the version of the format. At the end are three numbers for each second of the window
 * that had calls.
 */
#include "prebind/breaker_text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#define FORMAT    2
#define FUTURE_MS 120000 /* later times are invalid, because no pause or probe is so long */

void breaker_write(const struct breaker *breaker, struct strbuf *out)
{
	bool seen = breaker->state != BREAKER_CLOSED;

	for (int i = 0; i < BREAKER_WINDOW_S; i++)
		seen = seen || breaker->seconds[i].calls > 0;
	if (!seen)
		return;
	strbuf_addf(out, "%d %d %u %ld %" PRId64 " %" PRId64 " %d", FORMAT, (int)breaker->state,
		    breaker->not_connected, breaker->reached_ms, breaker->opened_ms,
		    breaker->until_ms, breaker->probing);
	for (int i = 0; i < BREAKER_WINDOW_S; i++) {
		const struct breaker_second *slot = &breaker->seconds[i];

		if (slot->calls > 0)
			strbuf_addf(out, " %" PRId64 " %u %u", slot->second, slot->calls,
				    slot->failed);
	}
}

/*
 * Reads the next number and moves *text past it. Returns false if there is no number from 0 to max.
 */
static bool take(const char **text, int64_t max, int64_t *out)
{
	char *end = NULL;

	errno = 0;
	long long value = strtoll(*text, &end, 10);
	if (end == *text || errno != 0 || value < 0 || value > max)
		return false;
	*text = end;
	*out = value;
	return true;
}

static bool read_state(const char **text, int64_t now_ms, struct breaker *out)
{
	int64_t format, state, not_connected, period, opened, until, probing;

	if (!take(text, FORMAT, &format) || format != FORMAT ||
	    !take(text, BREAKER_HALF_OPEN, &state) || !take(text, UINT_MAX, &not_connected) ||
	    !take(text, FUTURE_MS, &period) || !take(text, now_ms + FUTURE_MS, &opened) ||
	    !take(text, now_ms + FUTURE_MS, &until) || !take(text, 1, &probing))
		return false;
	*out = (struct breaker){
	    .state = (enum breaker_state)state,
	    .not_connected = (unsigned)not_connected,
	    .reached_ms = (long)period,
	    .opened_ms = opened,
	    .until_ms = until,
	    .probing = probing != 0,
	};
	return true;
}

static bool read_second(const char **text, int64_t now_ms, struct breaker *out)
{
	int64_t second, calls, failed;

	if (!take(text, now_ms / 1000, &second) || !take(text, UINT_MAX, &calls) ||
	    !take(text, calls, &failed))
		return false;
	out->seconds[second % BREAKER_WINDOW_S] = (struct breaker_second){
	    .second = second, .calls = (unsigned)calls, .failed = (unsigned)failed};
	return true;
}

void breaker_read(const char *text, int64_t now_ms, struct breaker *out)
{
	bool sound = read_state(&text, now_ms, out);

	for (int i = 0; sound && *text != '\0' && i < BREAKER_WINDOW_S; i++)
		sound = read_second(&text, now_ms, out);
	if (!sound || *text != '\0')
		*out = (struct breaker){0};
}
