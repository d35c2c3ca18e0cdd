/*
 * A circuit breaker (REL-UP-6, REL-UP-7) for one upstream: after failures it lets no call through
 * for a while, then one, the probe, whose outcome decides. Pure: time and chance are given to it;
 * the caller guards it where threads share it, and logs.
 */
#ifndef PREBIND_BREAKER_H
#define PREBIND_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_WINDOW_S 10 /* what is older no longer counts */

/* What a call says about its upstream. */
enum upstream_outcome {
	OUTCOME_NONE,          /* nothing: it was not asked, or the request was at fault */
	OUTCOME_OK,            /* it serves */
	OUTCOME_NOT_CONNECTED, /* no name, no TCP, no TLS; nothing was sent, once more may help */
	OUTCOME_NOT_REACHED,   /* nothing sent either: too slow to connect, or not to be trusted */
	OUTCOME_REFUSED,       /* our credentials: 401, 403 */
	OUTCOME_FAILED,        /* something may have been sent, and no sound answer came back */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_second {
	int64_t second; /* of the clock; what else stands here belongs to it */
	unsigned calls;
	unsigned failed;
};

struct breaker {
	enum breaker_state state; /* all nought: closed, nothing seen yet */
	struct breaker_second seconds[BREAKER_WINDOW_S];
	unsigned not_connected; /* in a row */
	long reached_ms;        /* the last opening's pause, if the server was reached; else 0 */
	int64_t until_ms;       /* while open; of a probe: when it counts as lost */
	bool probing;           /* while half-open: the probe is under way */
};

enum breaker_pass { BREAKER_GO, BREAKER_PROBE, BREAKER_WAIT };

/* May a call be made? BREAKER_WAIT: no; *wait_ms is when to ask again. */
enum breaker_pass breaker_ask(struct breaker *breaker, int64_t now_ms, int64_t *wait_ms);

enum breaker_change { BREAKER_SAME, BREAKER_OPENED, BREAKER_CLOSED_AGAIN };

/* What came of a call that was let through. chance: any random number, for the jitter. */
enum breaker_change breaker_tell(struct breaker *breaker, enum breaker_pass pass,
				 enum upstream_outcome outcome, int64_t now_ms, uint32_t chance);

#endif
