/*
 * With BREAKER_OF_ALL_NODES the breaker is a row of the database, and each process has a copy.
 * While calls succeed, a process only reads the row, at most once in READ_AGAIN_MS. After a failed
 * call, the process changes the row in a transaction, which also adds its own successes of the last
 * seconds. So the failures of all nodes are counted together. While the row shows failures, the
 * other processes add their successes too. The process that makes the probe is also chosen in a
 * transaction, so only one process makes it. All times in the row come from the database's clock.
 *
 * If the breaker in the row is open, a process stops calling, unless one of its own calls has
 * succeeded since the breaker opened. So if only one node cannot reach the XMPP server, the other
 * nodes still call it. Refused credentials are not recorded in the row, because other nodes can
 * have other credentials.
 */
#include "prebind/upstream_breaker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/blocking.h"
#include "prebind/breaker_text.h"

#define READ_AGAIN_MS  1000
#define TURN_WAIT_MS   2000
#define CLOCK_SLACK_MS 2000 /* a row can be newer than the clock reading that came with it */

static const struct error by_others = {.text =
					   "calls of another process or node failed: see the event "
					   "breaker_open in the log of that process or node"};

void upstream_breaker_init(struct upstream_breaker *upstream, const char *site, const char *url)
{
	*upstream = (struct upstream_breaker){
	    .site = site,
	    .url = url,
	    .ahead_ms = clock_wall_ms() - clock_monotonic_ms(),
	    .read_ms = -READ_AGAIN_MS,
	};
	pthread_mutex_init(&upstream->lock, NULL);
	pthread_mutex_init(&upstream->turn, NULL);
}

static bool is_open(const struct upstream_breaker *upstream)
{
	return upstream->breaker.state != BREAKER_CLOSED;
}

void upstream_breaker_clear(struct upstream_breaker *upstream)
{
	if (is_open(upstream))
		metrics_gauge_add(METRIC_BREAKERS_OPEN, -1);
	pthread_mutex_destroy(&upstream->lock);
	pthread_mutex_destroy(&upstream->turn);
}

void upstream_breaker_share(struct upstream_breaker *upstream,
			    const struct breaker_sharing *sharing)
{
	upstream->sharing = *sharing;
}

/* ---- one use ---- */

enum use_kind { USE_ASK, USE_TELL, USE_MERGE };

/*
 * One use of a breaker. A use asks whether a call is allowed, records an outcome, or only adds
 * successes.
 */
struct use {
	enum use_kind kind;
	int64_t now_ms;
	struct breaker_successes successes; /* successes to add to the breaker first */
	enum breaker_pass pass; /* result of USE_ASK; for USE_TELL the pass of the ended call */
	int64_t wait_ms;
	enum upstream_outcome outcome;
	uint32_t chance;
	const struct error *why;
	enum breaker_change change;
	struct breaker after;
	bool done;
};

static void use_breaker(struct use *use, const struct breaker *before)
{
	use->after = *before;
	use->done = true;
	breaker_merge(&use->after, &use->successes, use->now_ms);
	if (use->kind == USE_TELL)
		use->change =
		    breaker_tell(&use->after, use->pass, use->outcome, use->now_ms, use->chance);
	else if (use->kind == USE_ASK)
		use->pass = breaker_ask(&use->after, use->now_ms, &use->wait_ms);
}

static void use_text(void *arg, int64_t now_ms, const char *before, struct strbuf *after)
{
	struct breaker breaker = {0};
	struct use *use = arg;

	use->now_ms = now_ms;
	breaker_read(before, now_ms, &breaker);
	use_breaker(use, &breaker);
	breaker_write(&use->after, after);
}

/* Logs that the shared state cannot be used. The process then uses its own breaker. */
static void not_shared(const struct upstream_breaker *upstream, const struct error *why)
{
	log_event(LOG_LEVEL_WARN, "breaker_not_shared", "site", upstream->site, "upstream",
		  upstream->url, "why", why->text, NULL);
}

/* Makes the key of the shared state. The caller clears *out, also after a failure. */
static enum status key_make(const struct upstream_breaker *upstream, struct strbuf *out,
			    struct error *err)
{
	strbuf_init(out);
	strbuf_addf(out, "%s%s", upstream->sharing.scope, upstream->url);
	return strbuf_ok(out) ? STATUS_OK : error_no_memory(err);
}

/* Uses the shared breaker. Returns false if the shared state is unknown. */
static bool use_shared(const struct upstream_breaker *upstream, struct use *use)
{
	struct error why = {0};
	struct strbuf key;

	enum status status = key_make(upstream, &key, &why);
	if (status == STATUS_OK)
		status =
		    upstream_state_update(upstream->sharing.limits, key.data, use_text, use, &why);
	strbuf_clear(&key);
	if (status != STATUS_OK)
		not_shared(upstream, &why);
	return status == STATUS_OK;
}

/* ---- the copy in this process; the caller holds the lock ---- */

static void log_change(const struct upstream_breaker *upstream, enum breaker_change change,
		       int64_t now_ms, const struct error *why)
{
	char ms[24];

	if (change == BREAKER_CLOSED_AGAIN) {
		log_event(LOG_LEVEL_INFO, "breaker_closed", "site", upstream->site, "upstream",
			  upstream->url, NULL);
		return;
	}
	snprintf(ms, sizeof(ms), "%lld", (long long)(upstream->breaker.until_ms - now_ms));
	metrics_add(METRIC_BREAKER_OPENED);
	log_event(LOG_LEVEL_ERROR, "breaker_open", "site", upstream->site, "upstream",
		  upstream->url, "ms", ms, "why", why->text, NULL);
}

/*
 * Copies the breaker's new state to this process, and logs a change. With BREAKER_OF_ALL_NODES,
 * changes by other processes are logged too. A process of plain CGI does not log them, because its
 * copy is empty before the first use.
 */
static void learn(struct upstream_breaker *upstream, const struct use *use)
{
	bool follows = upstream->sharing.owners == BREAKER_OF_ALL_NODES;
	bool was_open = is_open(upstream);
	enum breaker_change change = use->change;

	upstream->breaker = use->after;
	if (is_open(upstream) != was_open)
		metrics_gauge_add(METRIC_BREAKERS_OPEN, was_open ? -1 : 1);
	if (change == BREAKER_SAME && follows && is_open(upstream) != was_open)
		change = was_open ? BREAKER_CLOSED_AGAIN : BREAKER_OPENED;
	if (change != BREAKER_SAME)
		log_change(upstream, change, use->now_ms,
			   use->change == BREAKER_SAME ? &by_others : use->why);
}

/* Uses the process's own breaker, or the process's copy of a shared breaker. */
static void use_here(struct upstream_breaker *upstream, struct use *use)
{
	use_breaker(use, &upstream->breaker);
	learn(upstream, use);
}

/*
 * Uses the breaker in plain CGI. All processes use the wall clock, because it continues after a
 * restart of the machine.
 */
static void use_of_cgi(struct upstream_breaker *upstream, struct use *use)
{
	use->now_ms = clock_wall_ms();
	use_shared(upstream, use);
	if (!use->done)
		use_breaker(use, &upstream->breaker);
	learn(upstream, use);
}

/* ---- all nodes; the caller holds the lock, which is released while the database is used ---- */

static int64_t shared_now(const struct upstream_breaker *upstream)
{
	return clock_monotonic_ms() + upstream->ahead_ms;
}

/*
 * True if the call began before the breaker opened and ended afterwards. Its outcome then says
 * nothing about the server now.
 */
static bool is_too_late(const struct upstream_breaker *upstream, const struct use *use)
{
	return use->kind == USE_TELL && use->pass != BREAKER_PROBE && is_open(upstream);
}

static void change_row(struct upstream_breaker *upstream, bool my_turn, struct use *use)
{
	use->successes = upstream->successes;
	upstream->successes = (struct breaker_successes){.any = false};
	pthread_mutex_unlock(&upstream->lock);
	bool shared = my_turn && use_shared(upstream, use);
	int64_t answered_ms = clock_monotonic_ms();
	pthread_mutex_lock(&upstream->lock);
	upstream->read_ms = answered_ms;
	if (shared) {
		upstream->ahead_ms = use->now_ms - answered_ms;
		learn(upstream, use);
	} else {
		use->now_ms = shared_now(upstream);
		use_here(upstream, use);
	}
}

/*
 * Changes the row, and copies the result to this process. If the row cannot be changed, the copy is
 * used instead. Only one thread of a process changes the row at a time, because otherwise the
 * threads would wait for each other in the database.
 */
static void use_row(struct upstream_breaker *upstream, struct use *use)
{
	pthread_mutex_unlock(&upstream->lock);
	bool my_turn = blocking_lock(&upstream->turn, clock_monotonic_ms() + TURN_WAIT_MS) == 0;
	pthread_mutex_lock(&upstream->lock);
	if (!is_too_late(upstream, use))
		change_row(upstream, my_turn, use);
	if (my_turn)
		pthread_mutex_unlock(&upstream->turn);
}

/* Reads the row without changing it. */
static bool row_look_up(const struct upstream_breaker *upstream, struct breaker *out,
			int64_t *now_ms)
{
	struct error why = {0};
	struct strbuf key;
	char *text = NULL;

	enum status status = key_make(upstream, &key, &why);
	if (status == STATUS_OK)
		status =
		    upstream_state_read(upstream->sharing.limits, key.data, &text, now_ms, &why);
	strbuf_clear(&key);
	if (status == STATUS_OK)
		breaker_read(text, *now_ms + CLOCK_SLACK_MS, out);
	else
		not_shared(upstream, &why);
	free(text);
	return status == STATUS_OK;
}

/* True if calls of this process succeed, although the calls of other processes failed. */
static bool knows_better(const struct upstream_breaker *upstream, const struct use *row)
{
	int64_t opened_ms = row->after.opened_ms;
	/*
	 * In the first READ_AGAIN_MS after the breaker opened, a success in the READ_AGAIN_MS
	 * before the opening also counts.
	 */
	bool just_opened = row->now_ms - opened_ms < READ_AGAIN_MS;

	return upstream->worked_ms > opened_ms - (just_opened ? READ_AGAIN_MS : 0);
}

/*
 * Called while this process's copy is closed. Reads the row, to learn of failures in other
 * processes.
 */
static void look(struct upstream_breaker *upstream)
{
	struct use looking = {.kind = USE_MERGE};
	struct use merging = {.kind = USE_MERGE};

	upstream->reading = true;
	pthread_mutex_unlock(&upstream->lock);
	bool shared = row_look_up(upstream, &looking.after, &looking.now_ms);
	int64_t answered_ms = clock_monotonic_ms();
	pthread_mutex_lock(&upstream->lock);
	upstream->read_ms = answered_ms;
	if (shared && !is_open(upstream)) {
		upstream->ahead_ms = looking.now_ms - answered_ms;
		if (looking.after.state == BREAKER_CLOSED || !knows_better(upstream, &looking))
			learn(upstream, &looking);
		if (upstream->successes.any && breaker_is_in_doubt(&looking.after, looking.now_ms))
			use_row(upstream, &merging);
	}
	upstream->reading = false;
}

static enum breaker_pass ask_of_nodes(struct upstream_breaker *upstream, int64_t *wait_ms)
{
	struct use asking = {.kind = USE_ASK};
	const struct breaker *breaker = &upstream->breaker;

	if (upstream->alone) {
		asking.now_ms = shared_now(upstream);
		use_here(upstream, &asking);
		*wait_ms = asking.wait_ms;
		return asking.pass;
	}
	int64_t now_ms = clock_monotonic_ms();
	bool due = now_ms - upstream->read_ms >= READ_AGAIN_MS && !upstream->reading;

	if (!is_open(upstream) && due)
		look(upstream);
	if (!is_open(upstream))
		return BREAKER_GO;
	now_ms = shared_now(upstream);
	if (breaker->state == BREAKER_OPEN && now_ms < breaker->until_ms) {
		*wait_ms = breaker->until_ms - now_ms;
		return BREAKER_WAIT;
	}
	if (upstream->reading || (breaker->state == BREAKER_HALF_OPEN && !due)) {
		*wait_ms = BREAKER_PROBE_WAIT_MS;
		return BREAKER_WAIT;
	}
	upstream->reading = true;
	use_row(upstream, &asking);
	upstream->reading = false;
	*wait_ms = asking.wait_ms;
	return asking.pass;
}

/*
 * Records an outcome only in this process. If the call was the probe, records in the row that the
 * probe has ended, but not its outcome.
 */
static void tell_alone(struct upstream_breaker *upstream, struct use *telling)
{
	struct use ended = {.kind = USE_TELL, .pass = BREAKER_PROBE, .outcome = OUTCOME_NONE};

	if (telling->pass == BREAKER_PROBE && !upstream->alone)
		use_row(upstream, &ended);
	telling->now_ms = shared_now(upstream);
	use_here(upstream, telling);
	upstream->alone = is_open(upstream);
}

static void tell_of_nodes(struct upstream_breaker *upstream, struct use *telling)
{
	bool worked = telling->outcome == OUTCOME_OK;

	if (is_too_late(upstream, telling))
		return;
	if (worked)
		upstream->worked_ms = shared_now(upstream);
	if (upstream->alone || telling->outcome == OUTCOME_REFUSED)
		tell_alone(upstream, telling);
	else if (telling->pass == BREAKER_PROBE || (!worked && telling->outcome != OUTCOME_NONE))
		use_row(upstream, telling);
	else if (worked)
		breaker_success_add(&upstream->successes, upstream->worked_ms);
}

/* ---- what callers use ---- */

enum breaker_pass upstream_breaker_ask(struct upstream_breaker *upstream, int64_t *wait_ms)
{
	struct use asking = {.kind = USE_ASK};

	pthread_mutex_lock(&upstream->lock);
	if (upstream->sharing.owners == BREAKER_OF_ALL_NODES) {
		asking.pass = ask_of_nodes(upstream, wait_ms);
	} else {
		asking.now_ms = clock_monotonic_ms();
		if (upstream->sharing.owners == BREAKER_OF_CGI)
			use_of_cgi(upstream, &asking);
		else
			use_here(upstream, &asking);
		*wait_ms = asking.wait_ms;
	}
	pthread_mutex_unlock(&upstream->lock);
	return asking.pass;
}

void upstream_breaker_tell(struct upstream_breaker *upstream, enum breaker_pass pass,
			   enum upstream_outcome outcome, const struct error *why)
{
	struct use telling = {.kind = USE_TELL, .pass = pass, .outcome = outcome, .why = why};

	if (outcome != OUTCOME_OK) /* if the breaker opens, its pause needs random jitter */
		secret_random(&telling.chance, sizeof(telling.chance));
	pthread_mutex_lock(&upstream->lock);
	if (upstream->sharing.owners == BREAKER_OF_ALL_NODES) {
		tell_of_nodes(upstream, &telling);
	} else if (upstream->sharing.owners == BREAKER_OF_CGI) {
		use_of_cgi(upstream, &telling);
	} else {
		telling.now_ms = clock_monotonic_ms();
		use_here(upstream, &telling);
	}
	pthread_mutex_unlock(&upstream->lock);
}
