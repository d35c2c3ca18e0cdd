/*
 * Fail-over, the one repetition and its budget, and the log lines of the breakers. No call is made
 * twice once a byte of it may have left: the second session would have nobody.
 */
#include "prebind/upstream.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"

#define REPEAT_COST   10  /* successes that pay for one repetition: at most a tenth more calls */
#define REPEAT_SAVED  100 /* successes that are remembered */
#define PAUSE_MIN_MS  50
#define PAUSE_SPAN_MS 101 /* 50 to 150 ms */
#define RETRY_MAX_S   60  /* what a visitor is told at most */

struct upstream {
	const char *url;
	struct breaker breaker;
};

struct upstreams {
	const char *site;
	pthread_mutex_t lock; /* guards the breakers and saved */
	unsigned saved;       /* successes, up to REPEAT_SAVED */
	size_t count;
	struct upstream list[];
};

/* What one way through the list found. */
struct round {
	bool asked;      /* one was called at all */
	bool repeatable; /* none was sent anything, and another time might go better */
	int64_t wait_ms; /* until the first breaker lets a call through; 0: none is open */
};

enum status upstreams_new(const char *site, const struct conf_list *urls, struct upstreams **out,
			  struct error *err)
{
	struct upstreams *upstreams =
	    calloc(1, sizeof(*upstreams) + urls->count * sizeof(upstreams->list[0]));

	if (!upstreams)
		return error_no_memory(err);
	upstreams->site = site;
	upstreams->count = urls->count;
	for (size_t i = 0; i < urls->count; i++)
		upstreams->list[i].url = urls->items[i];
	pthread_mutex_init(&upstreams->lock, NULL);
	*out = upstreams;
	return STATUS_OK;
}

void upstreams_free(struct upstreams *upstreams)
{
	if (!upstreams)
		return;
	pthread_mutex_destroy(&upstreams->lock);
	free(upstreams);
}

/* ---- the breakers ---- */

static enum breaker_pass ask(struct upstreams *upstreams, struct upstream *upstream,
			     struct round *round)
{
	int64_t wait_ms = 0;
	enum breaker_pass pass;

	pthread_mutex_lock(&upstreams->lock);
	pass = breaker_ask(&upstream->breaker, clock_monotonic_ms(), &wait_ms);
	pthread_mutex_unlock(&upstreams->lock);
	if (pass == BREAKER_WAIT && (round->wait_ms == 0 || wait_ms < round->wait_ms))
		round->wait_ms = wait_ms;
	return pass;
}

static void log_change(const struct upstreams *upstreams, const struct upstream *upstream,
		       enum breaker_change change, int64_t open_ms, const struct error *why)
{
	char ms[24];

	if (change == BREAKER_SAME)
		return;
	snprintf(ms, sizeof(ms), "%lld", (long long)open_ms);
	if (change == BREAKER_OPENED)
		log_event(LOG_LEVEL_ERROR, "breaker_open", "site", upstreams->site, "upstream",
			  upstream->url, "ms", ms, "why", why->text, NULL);
	else
		log_event(LOG_LEVEL_INFO, "breaker_closed", "site", upstreams->site, "upstream",
			  upstream->url, NULL);
}

static void tell(struct upstreams *upstreams, struct upstream *upstream, enum breaker_pass pass,
		 enum upstream_outcome outcome, const struct error *why)
{
	int64_t now_ms = clock_monotonic_ms();
	enum breaker_change change;
	int64_t open_ms;
	uint32_t chance;

	secret_random(&chance, sizeof(chance));
	pthread_mutex_lock(&upstreams->lock);
	change = breaker_tell(&upstream->breaker, pass, outcome, now_ms, chance);
	open_ms = upstream->breaker.until_ms - now_ms;
	if (outcome == OUTCOME_OK && upstreams->saved < REPEAT_SAVED)
		upstreams->saved++;
	pthread_mutex_unlock(&upstreams->lock);
	log_change(upstreams, upstream, change, open_ms, why);
}

/* ---- the calls ---- */

static bool nothing_sent(enum upstream_outcome outcome)
{
	return outcome == OUTCOME_NOT_CONNECTED || outcome == OUTCOME_NOT_REACHED;
}

static enum status try_each(struct upstreams *upstreams, upstream_try *call, void *arg,
			    struct round *round, struct error *err)
{
	enum status status = STATUS_UNAVAILABLE;

	for (size_t i = 0; i < upstreams->count; i++) {
		struct upstream *upstream = &upstreams->list[i];
		enum upstream_outcome outcome = OUTCOME_NONE;
		enum breaker_pass pass = ask(upstreams, upstream, round);

		if (pass == BREAKER_WAIT)
			continue;
		round->asked = true;
		status = call(arg, upstream->url, &outcome, err);
		tell(upstreams, upstream, pass, outcome, err);
		round->repeatable = outcome == OUTCOME_NOT_CONNECTED;
		if (!nothing_sent(outcome))
			break;
		if (i + 1 < upstreams->count)
			log_event(LOG_LEVEL_WARN, "failover", "site", upstreams->site, "upstream",
				  upstream->url, "why", err->text, NULL);
	}
	return status;
}

/* Takes the price of a repetition; false: there were too few successes, or no time is left. */
static bool may_repeat(struct upstreams *upstreams, long pause_ms, int64_t deadline_ms)
{
	bool may = clock_left_ms(deadline_ms) > pause_ms;

	pthread_mutex_lock(&upstreams->lock);
	may = may && upstreams->saved >= REPEAT_COST;
	if (may)
		upstreams->saved -= REPEAT_COST;
	pthread_mutex_unlock(&upstreams->lock);
	return may;
}

static long pause_random(void)
{
	uint32_t chance;

	secret_random(&chance, sizeof(chance));
	return PAUSE_MIN_MS + (long)(chance % PAUSE_SPAN_MS);
}

static enum status unavailable(const struct round *round, struct error *err)
{
	long seconds = (long)((round->wait_ms + 999) / 1000);

	if (seconds > RETRY_MAX_S)
		seconds = RETRY_MAX_S;
	error_set(err, STATUS_UNAVAILABLE,
		  "the XMPP server is not asked for another %ld s, because it failed before: the "
		  "log's event breaker_open says why",
		  seconds);
	return error_retry_after(err, STATUS_UNAVAILABLE, seconds);
}

enum status upstreams_call(struct upstreams *upstreams, upstream_try *call, void *arg,
			   int64_t deadline_ms, struct error *err)
{
	struct error said = {0};
	struct round round = {0};
	struct round again = {0};
	long pause_ms = pause_random();
	enum status status = try_each(upstreams, call, arg, &round, &said);

	if (round.repeatable && may_repeat(upstreams, pause_ms, deadline_ms)) {
		nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000}, NULL);
		status = try_each(upstreams, call, arg, &again, &said);
		if (!again.asked) /* the breakers opened by then: the first answer stands */
			status = said.status;
	}
	if (!round.asked)
		return unavailable(&round, err);
	if (err)
		*err = said;
	return status;
}
