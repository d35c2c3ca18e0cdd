/*
 * Asks the next address after a failure, tries all of them once more if the budget allows it, and
 * logs what the breakers do. A call is never made again if a byte of it may have been sent: that
 * could create a second session that nobody uses.
 */
#include "prebind/upstream.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/wait.h"
#include "prebind/breaker_text.h"
#include "store/limit.h"

#define REPEAT_COST   10  /* calls that must succeed before one is repeated */
#define REPEAT_SAVED  100 /* successes that are remembered */
#define PAUSE_MIN_MS  50
#define PAUSE_SPAN_MS 101 /* 50 to 150 ms */
#define RETRY_MAX_S   60  /* the longest time in Retry-After */

struct upstream {
	const char *url;
	struct breaker breaker;
};

struct upstreams {
	const char *site;
	pthread_mutex_t lock;       /* guards the breakers and saved */
	unsigned saved;             /* successes, up to REPEAT_SAVED */
	struct limit_store *shared; /* NULL: the breakers belong to this process */
	size_t count;
	struct upstream list[];
};

/* The result of trying all addresses once. */
struct attempts {
	bool asked;      /* at least one was called */
	bool repeatable; /* nothing was sent to any of them, and trying again may help */
	int64_t wait_ms; /* until the first breaker lets a call through; 0: none is open */
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
		upstreams->list[i].url = urls->items[i];
	pthread_mutex_init(&upstreams->lock, NULL);
	*out = upstreams;
	return STATUS_OK;
}

void upstreams_free(struct upstreams *upstreams)
{
	if (upstreams == NULL)
		return;
	for (size_t i = 0; i < upstreams->count; i++)
		if (upstreams->list[i].breaker.state != BREAKER_CLOSED)
			metrics_gauge_add(METRIC_BREAKERS_OPEN, -1);
	pthread_mutex_destroy(&upstreams->lock);
	free(upstreams);
}

void upstreams_share(struct upstreams *upstreams, struct limit_store *limits)
{
	upstreams->shared = limits;
}

/* ---- the breakers ---- */

/* A question to a breaker, or an outcome to record, whether it is shared or our own. */
struct breaker_use {
	struct breaker *breaker;
	int64_t now_ms;
	bool tells;
	bool done;
	enum breaker_pass pass; /* the answer to the question, or the pass of the call that ended */
	int64_t wait_ms;
	enum upstream_outcome outcome;
	uint32_t chance;
	enum breaker_change change;
};

static void breaker_use_here(struct breaker_use *use)
{
	use->done = true;
	if (use->tells)
		use->change =
		    breaker_tell(use->breaker, use->pass, use->outcome, use->now_ms, use->chance);
	else
		use->pass = breaker_ask(use->breaker, use->now_ms, &use->wait_ms);
}

static void breaker_use_text(void *arg, int64_t now_ms, const char *before, struct strbuf *after)
{
	struct breaker_use *use = arg;

	use->now_ms = now_ms;
	breaker_read(before, use->now_ms, use->breaker);
	breaker_use_here(use);
	breaker_write(use->breaker, after);
}

/* If the shared file cannot be used, the process decides by its own breaker. */
static void breaker_use_shared(struct upstreams *upstreams, struct upstream *upstream,
			       struct breaker_use *use)
{
	struct error why = {0};

	if (upstream_state_update(upstreams->shared, upstream->url, breaker_use_text, use, &why) ==
	    STATUS_OK)
		return;
	log_event(LOG_LEVEL_WARN, "breaker_not_shared", "site", upstreams->site, "upstream",
		  upstream->url, "why", why.text, NULL);
	if (!use->done)
		breaker_use_here(use);
}

static bool is_open(const struct upstream *upstream)
{
	return upstream->breaker.state != BREAKER_CLOSED;
}

/* Call it with the lock held. */
static void breaker_use(struct upstreams *upstreams, struct upstream *upstream,
			struct breaker_use *use)
{
	bool was_open = is_open(upstream);

	use->breaker = &upstream->breaker;
	/* all processes share the wall clock, also after a restart of the machine */
	use->now_ms = upstreams->shared != NULL ? clock_wall_ms() : clock_monotonic_ms();
	if (upstreams->shared != NULL)
		breaker_use_shared(upstreams, upstream, use);
	else
		breaker_use_here(use);
	if (is_open(upstream) != was_open)
		metrics_gauge_add(METRIC_BREAKERS_OPEN, was_open ? -1 : 1);
}

static enum breaker_pass ask(struct upstreams *upstreams, struct upstream *upstream,
			     struct attempts *attempts)
{
	struct breaker_use asking = {0};

	pthread_mutex_lock(&upstreams->lock);
	breaker_use(upstreams, upstream, &asking);
	pthread_mutex_unlock(&upstreams->lock);
	if (asking.pass == BREAKER_WAIT &&
	    (attempts->wait_ms == 0 || asking.wait_ms < attempts->wait_ms))
		attempts->wait_ms = asking.wait_ms;
	return asking.pass;
}

static void log_change(const struct upstreams *upstreams, const struct upstream *upstream,
		       enum breaker_change change, int64_t open_ms, const struct error *why)
{
	char ms[24];

	if (change == BREAKER_SAME)
		return;
	snprintf(ms, sizeof(ms), "%lld", (long long)open_ms);
	if (change == BREAKER_OPENED)
		metrics_add(METRIC_BREAKER_OPENED);
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
	struct breaker_use telling = {.tells = true, .pass = pass, .outcome = outcome};
	int64_t open_ms;

	if (outcome != OUTCOME_OK) /* it may open, and its pause needs a jitter */
		secret_random(&telling.chance, sizeof(telling.chance));
	pthread_mutex_lock(&upstreams->lock);
	breaker_use(upstreams, upstream, &telling);
	open_ms = upstream->breaker.until_ms - telling.now_ms;
	if (outcome == OUTCOME_OK && upstreams->saved < REPEAT_SAVED)
		upstreams->saved++;
	pthread_mutex_unlock(&upstreams->lock);
	log_change(upstreams, upstream, telling.change, open_ms, why);
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
		struct upstream *upstream = &upstreams->list[i];
		enum upstream_outcome outcome = OUTCOME_NONE;
		enum breaker_pass pass = ask(upstreams, upstream, attempts);

		if (pass == BREAKER_WAIT)
			continue;
		attempts->asked = true;
		status = call(arg, upstream->url, &outcome, err);
		tell(upstreams, upstream, pass, outcome, err);
		attempts->repeatable = outcome == OUTCOME_NOT_CONNECTED;
		if (!nothing_sent(outcome))
			break;
		if (i + 1 < upstreams->count)
			log_event(LOG_LEVEL_WARN, "failover", "site", upstreams->site, "upstream",
				  upstream->url, "why", err->text, NULL);
	}
	return status;
}

/* Takes one repetition from the budget. False: too few calls have succeeded, or no time is left. */
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
		  "prebind does not call the XMPP server for another %ld s, because earlier calls "
		  "failed: see the event breaker_open in the log",
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
	    wait_nap(pause_ms)) {
		status = try_each(upstreams, call, arg, &again, &said);
		if (!again.asked) /* the breakers have opened: keep the first result */
			status = said.status;
	}
	if (!first.asked)
		return unavailable(&first, err);
	if (err != NULL)
		*err = said;
	return status;
}
