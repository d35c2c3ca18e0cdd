/*
 * A circuit breaker for one upstream, so that a failing server is not overloaded and visitors do
 * not wait for it. It opens after too many failures, or at once if our credentials are refused,
 * because an operator must act first. An open breaker lets no call through for a while, then one,
 * the probe, whose outcome decides. Pure: time and chance are parameters. The caller locks it and
 * logs.
 */
#ifndef PREBIND_BREAKER_H
#define PREBIND_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_WINDOW_S 10 /* older calls no longer count */

/* What a call shows about its upstream. */
enum upstream_outcome {
	OUTCOME_NONE,          /* nothing: it was not asked, or the request was at fault */
	OUTCOME_OK,            /* it works */
	OUTCOME_NOT_CONNECTED, /* no name, TCP or TLS: nothing was sent; trying again may help */
	OUTCOME_NOT_REACHED,   /* nothing was sent: too slow to connect, or not trusted */
	OUTCOME_REFUSED,       /* it refused our credentials: 401, 403 */
	OUTCOME_FAILED,        /* part of the request may have been sent, without a valid answer */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_second {
	int64_t second; /* of the clock, to which the counts belong */
	unsigned calls;
	unsigned failed;
};

struct breaker {
	enum breaker_state state; /* all zero: closed, no calls yet */
	struct breaker_second seconds[BREAKER_WINDOW_S];
	unsigned not_connected; /* in a row */
	long reached_ms;   /* pause of the last opening if the server was reached; otherwise 0 */
	int64_t opened_ms; /* when it opened last; closed: 0 */
	int64_t until_ms;  /* open: when the pause ends; probing: when the probe counts as lost */
	bool probing;      /* half-open: the probe is in progress */
};

enum breaker_pass { BREAKER_GO, BREAKER_PROBE, BREAKER_WAIT };

#define BREAKER_PROBE_WAIT_MS 1000 /* pause of other calls during a probe */

/* Decides if a call may be made. BREAKER_WAIT: no; *wait_ms is the time until the next try. */
enum breaker_pass breaker_ask(struct breaker *breaker, int64_t now_ms, int64_t *wait_ms);

enum breaker_change { BREAKER_SAME, BREAKER_OPENED, BREAKER_CLOSED_AGAIN };

/*
 * Records the outcome of a call that was let through. chance is any random number, for the jitter.
 */
enum breaker_change breaker_tell(struct breaker *breaker, enum breaker_pass pass,
				 enum upstream_outcome outcome, int64_t now_ms, uint32_t chance);

/* ---- for a breaker that several processes share ---- */

/* Calls that succeeded, of one process, that are not in the shared breaker yet. */
struct breaker_successes {
	struct breaker_second seconds[BREAKER_WINDOW_S];
	bool any;
};
void breaker_success_add(struct breaker_successes *successes, int64_t now_ms);

/* Adds them to the calls of a closed breaker, as if they came before its next call. */
void breaker_merge(struct breaker *breaker, const struct breaker_successes *successes,
		   int64_t now_ms);

/*
 * True: it is closed, and calls in its window failed. Then a process must add its own successes, or
 * the share of failures looks too high.
 */
bool breaker_is_in_doubt(const struct breaker *breaker, int64_t now_ms);

#endif
