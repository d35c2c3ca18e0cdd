/*
 * Calls the next address after a failure, and calls all addresses once more if enough calls have
 * succeeded before. A call is never repeated if a byte of it might have been sent, because a
 * repeated call could create a second session that nobody uses.
 */
#include "prebind/upstream.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/blocking.h"
#include "prebind/upstream_breaker.h"

#define REPEAT_COST   10  /* successful calls that are needed for each repeated call */
#define REPEAT_SAVED  100 /* the largest value of `saved` */
#define PAUSE_MIN_MS  50
#define PAUSE_SPAN_MS 101 /* 50 to 150 ms */
#define RETRY_MAX_S   60  /* the largest value of Retry-After */

struct upstreams {
	const char *site;
	pthread_mutex_t lock; /* guards `saved` */
	unsigned saved;       /* successes not yet used for a repetition, at most REPEAT_SAVED */
	size_t count;
	struct upstream_breaker list[]; /* one for each URL */
};

/* The result of trying all addresses once. */
struct attempts {
	bool asked;      /* at least one address was called */
	bool repeatable; /* nothing was sent to any address; the last call could not connect */
	int64_t wait_ms; /* time until an open breaker lets a call through; 0 if none is open */
};

enum status upstreams_new(const char *site, const struct conf_list *urls, struct upstreams **out,
			  struct error *err)
{
	struct upstreams *upstreams =
	    calloc(1, sizeof(*upstreams) + urls->count * sizeof(upstreams->list[0]));

	if (upstreams == NULL)
		return error_no_memory(err);
	upstreams->site = site;
	upstreams->count = urls->count;
	for (size_t i = 0; i < urls->count; i++)
		upstream_breaker_init(&upstreams->list[i], site, urls->items[i]);
	pthread_mutex_init(&upstreams->lock, NULL);
	*out = upstreams;
	return STATUS_OK;
}

void upstreams_free(struct upstreams *upstreams)
{
	if (upstreams == NULL)
		return;
	for (size_t i = 0; i < upstreams->count; i++)
		upstream_breaker_clear(&upstreams->list[i]);
	pthread_mutex_destroy(&upstreams->lock);
	free(upstreams);
}

void upstreams_share(struct upstreams *upstreams, const struct breaker_sharing *sharing)
{
	for (size_t i = 0; i < upstreams->count; i++)
		upstream_breaker_share(&upstreams->list[i], sharing);
}

static enum breaker_pass ask(struct upstream_breaker *breaker, struct attempts *attempts)
{
	int64_t wait_ms = 0;
	enum breaker_pass pass = upstream_breaker_ask(breaker, &wait_ms);

	if (pass == BREAKER_WAIT && (attempts->wait_ms == 0 || wait_ms < attempts->wait_ms))
		attempts->wait_ms = wait_ms;
	return pass;
}

static void save(struct upstreams *upstreams)
{
	pthread_mutex_lock(&upstreams->lock);
	if (upstreams->saved < REPEAT_SAVED)
		upstreams->saved++;
	pthread_mutex_unlock(&upstreams->lock);
}

/* ---- the calls ---- */

static bool nothing_sent(enum upstream_outcome outcome)
{
	return outcome == OUTCOME_NOT_CONNECTED || outcome == OUTCOME_NOT_REACHED;
}

static enum status try_each(struct upstreams *upstreams, upstream_try *call, void *arg,
			    struct attempts *attempts, struct error *err)
{
	enum status status = STATUS_UNAVAILABLE;

	for (size_t i = 0; i < upstreams->count; i++) {
		struct upstream_breaker *upstream = &upstreams->list[i];
		enum upstream_outcome outcome = OUTCOME_NONE;
		enum breaker_pass pass = ask(upstream, attempts);

		if (pass == BREAKER_WAIT)
			continue;
		attempts->asked = true;
		status = call(arg, upstream->url, &outcome, err);
		if (status == STATUS_INTERNAL) /* our own error says nothing about the server */
			outcome = OUTCOME_NONE;
		upstream_breaker_tell(upstream, pass, outcome, err);
		if (outcome == OUTCOME_OK)
			save(upstreams);
		attempts->repeatable = outcome == OUTCOME_NOT_CONNECTED;
		if (!nothing_sent(outcome))
			break;
		if (i + 1 < upstreams->count)
			log_event(LOG_LEVEL_WARN, "failover", "site", upstreams->site, "upstream",
				  upstream->url, "why", err->text, NULL);
	}
	return status;
}

/*
 * Decides whether to repeat a call, and if so subtracts REPEAT_COST from `saved`. Returns false if
 * too few calls have succeeded, or if there is no time left.
 */
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

static enum status unavailable(const struct attempts *attempts, struct error *err)
{
	long seconds = (long)((attempts->wait_ms + 999) / 1000);

	if (seconds > RETRY_MAX_S)
		seconds = RETRY_MAX_S;
	error_set(err, STATUS_UNAVAILABLE,
		  "earlier calls to the XMPP server failed, so prebind makes no calls for another "
		  "%ld s: see the event breaker_open in the log",
		  seconds);
	return error_retry_after(err, STATUS_UNAVAILABLE, seconds);
}

enum status upstreams_call(struct upstreams *upstreams, upstream_try *call, void *arg,
			   int64_t deadline_ms, struct error *err)
{
	struct error said = {0};
	struct attempts first = {0};
	struct attempts again = {0};
	enum status status = try_each(upstreams, call, arg, &first, &said);
	long pause_ms = first.repeatable ? pause_random() : 0;

	if (first.repeatable && may_repeat(upstreams, pause_ms, deadline_ms) &&
	    blocking_sleep(pause_ms)) {
		status = try_each(upstreams, call, arg, &again, &said);
		if (!again.asked) /* all breakers are open now, so keep the first result */
			status = said.status;
	}
	if (!first.asked)
		return unavailable(&first, err);
	if (err != NULL)
		*err = said;
	return status;
}
