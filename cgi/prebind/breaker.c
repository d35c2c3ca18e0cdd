/*
 * The three states of a breaker, and the counts that decide when the state changes. This file uses
 * no clocks or threads, and does not know what the calls are for.
 */
#include "prebind/breaker.h"

#define CALLS_MIN         10    /* with fewer calls in the window, FAILED_PERCENT is not applied */
#define FAILED_PERCENT    50    /* the breaker opens if this percentage of the calls has failed */
#define NOT_CONNECTED_MAX 5     /* the breaker opens after so many failed connections in a row */
#define OPEN_FIRST_MS     5000  /* about as long as the XMPP server needs to restart */
#define OPEN_MAX_MS       10000 /* one call in ten seconds does no harm and soon detects recovery */
#define REFUSED_MS        75000 /* at least 60 s with jitter, because an operator must act first */
#define JITTER_PERCENT    20    /* pauses vary up or down, so that processes probe separately */
#define PROBE_LOST_MS     90000 /* longer than any call, so the process with the probe has ended */

static bool is_failure(enum upstream_outcome outcome)
{
	return outcome != OUTCOME_NONE && outcome != OUTCOME_OK;
}

static struct breaker_second *slot_at(struct breaker_second seconds[BREAKER_WINDOW_S],
				      int64_t second)
{
	struct breaker_second *slot = &seconds[second % BREAKER_WINDOW_S];

	if (slot->second != second)
		*slot = (struct breaker_second){.second = second};
	return slot;
}

static void count(struct breaker *breaker, bool failed, int64_t now_ms)
{
	struct breaker_second *slot = slot_at(breaker->seconds, now_ms / 1000);

	slot->calls++;
	slot->failed += failed;
}

/* Adds up all calls in the window. */
static struct breaker_second window(const struct breaker *breaker, int64_t now_ms)
{
	struct breaker_second sum = {.second = now_ms / 1000 - BREAKER_WINDOW_S + 1};

	for (int i = 0; i < BREAKER_WINDOW_S; i++) {
		if (breaker->seconds[i].second < sum.second)
			continue;
		sum.calls += breaker->seconds[i].calls;
		sum.failed += breaker->seconds[i].failed;
	}
	return sum;
}

static bool too_many_failed(const struct breaker *breaker, int64_t now_ms)
{
	struct breaker_second sum = window(breaker, now_ms);

	return sum.calls >= CALLS_MIN && sum.failed * 100 >= sum.calls * FAILED_PERCENT;
}

/*
 * Returns the length of the next pause. The pause is OPEN_MAX_MS only if the server was reached but
 * failed, both before the last pause and now. A restart alone causes only short pauses, because a
 * restarting server first cannot be reached, and then answers that its components are missing.
 */
static long period_next(const struct breaker *breaker, enum upstream_outcome outcome)
{
	if (outcome == OUTCOME_REFUSED)
		return REFUSED_MS;
	return outcome == OUTCOME_FAILED && breaker->reached_ms != 0 ? OPEN_MAX_MS : OPEN_FIRST_MS;
}

static enum breaker_change open_up(struct breaker *breaker, enum upstream_outcome outcome,
				   int64_t now_ms, uint32_t chance)
{
	long percent = 100 - JITTER_PERCENT + (long)(chance % (2 * JITTER_PERCENT + 1));
	long period_ms = period_next(breaker, outcome);
	bool reached = outcome == OUTCOME_FAILED || outcome == OUTCOME_REFUSED;

	*breaker = (struct breaker){.state = BREAKER_OPEN,
				    .reached_ms = reached ? period_ms : 0,
				    .opened_ms = now_ms,
				    .until_ms = now_ms + period_ms * percent / 100};
	return BREAKER_OPENED;
}

enum breaker_pass breaker_ask(struct breaker *breaker, int64_t now_ms, int64_t *wait_ms)
{
	if (breaker->state == BREAKER_CLOSED)
		return BREAKER_GO;
	if (breaker->state == BREAKER_OPEN && now_ms < breaker->until_ms) {
		*wait_ms = breaker->until_ms - now_ms;
		return BREAKER_WAIT;
	}
	breaker->state = BREAKER_HALF_OPEN;
	if (breaker->probing && now_ms < breaker->until_ms) {
		*wait_ms = BREAKER_PROBE_WAIT_MS;
		return BREAKER_WAIT;
	}
	breaker->probing = true;
	breaker->until_ms = now_ms + PROBE_LOST_MS;
	return BREAKER_PROBE;
}

static enum breaker_change probe_tell(struct breaker *breaker, enum upstream_outcome outcome,
				      int64_t now_ms, uint32_t chance)
{
	if (is_failure(outcome))
		return open_up(breaker, outcome, now_ms, chance);
	if (outcome == OUTCOME_OK) {
		*breaker = (struct breaker){0};
		return BREAKER_CLOSED_AGAIN;
	}
	breaker->probing = false; /* the next call becomes the probe */
	return BREAKER_SAME;
}

enum breaker_change breaker_tell(struct breaker *breaker, enum breaker_pass pass,
				 enum upstream_outcome outcome, int64_t now_ms, uint32_t chance)
{
	if (pass == BREAKER_PROBE)
		return probe_tell(breaker, outcome, now_ms, chance);
	/*
	 * Ignore a call that began before the breaker opened, because it says nothing about the
	 * server now.
	 */
	if (breaker->state != BREAKER_CLOSED || outcome == OUTCOME_NONE)
		return BREAKER_SAME;

	count(breaker, is_failure(outcome), now_ms);
	if (outcome == OUTCOME_NOT_CONNECTED || outcome == OUTCOME_NOT_REACHED)
		breaker->not_connected++;
	else
		breaker->not_connected = 0;
	if (outcome == OUTCOME_REFUSED || breaker->not_connected >= NOT_CONNECTED_MAX ||
	    too_many_failed(breaker, now_ms))
		return open_up(breaker, outcome, now_ms, chance);
	return BREAKER_SAME;
}

void breaker_success_add(struct breaker_successes *successes, int64_t now_ms)
{
	slot_at(successes->seconds, now_ms / 1000)->calls++;
	successes->any = true;
}

void breaker_merge(struct breaker *breaker, const struct breaker_successes *successes,
		   int64_t now_ms)
{
	if (breaker->state != BREAKER_CLOSED || !successes->any)
		return;
	for (int i = 0; i < BREAKER_WINDOW_S; i++) {
		const struct breaker_second *from = &successes->seconds[i];

		if (from->calls > 0 && from->second <= now_ms / 1000 &&
		    from->second >= breaker->seconds[i].second)
			slot_at(breaker->seconds, from->second)->calls += from->calls;
	}
	breaker->not_connected = 0;
}

bool breaker_is_in_doubt(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->state == BREAKER_CLOSED && window(breaker, now_ms).failed > 0;
}
