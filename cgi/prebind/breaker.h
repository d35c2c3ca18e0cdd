/*
 * A circuit breaker for one upstream, so that a failing server is not overloaded and visitors do
 * not wait for it. The breaker opens after too many failures. It also opens at once if our
 * credentials are refused, because an operator must act first. An open breaker lets no call through
 * for a while. Then it lets one call through, the probe, whose outcome closes or opens the breaker.
 * The functions are pure: time and random numbers are parameters. The caller locks the breaker and
 * logs.
 */
#ifndef PREBIND_BREAKER_H
#define PREBIND_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_WINDOW_S 10 /* older calls no longer count */

/* What the outcome of a call says about the upstream. */
enum upstream_outcome {
	OUTCOME_NONE,          /* says nothing: no call was made, or the request was wrong */
	OUTCOME_OK,            /* the upstream works */
	OUTCOME_NOT_CONNECTED, /* DNS, TCP or TLS failed; nothing was sent; another try can help */
	OUTCOME_NOT_REACHED,   /* timed out, or the certificate is not trusted; nothing was sent */
	OUTCOME_REFUSED,       /* the upstream refused our credentials with HTTP 401 or 403 */
	OUTCOME_FAILED,        /* no valid answer; part of the request might have been sent */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_second {
	int64_t second; /* when the calls were counted, in seconds of the breaker's clock */
	unsigned calls;
	unsigned failed;
};

struct breaker {
	enum breaker_state state; /* a zeroed struct is a closed breaker without calls */
	struct breaker_second seconds[BREAKER_WINDOW_S];
	unsigned not_connected; /* how many calls in a row could not connect */
	long reached_ms;   /* length of the last pause; 0 if it began with an unreachable server */
	int64_t opened_ms; /* when the breaker last opened; 0 if closed */
	int64_t until_ms;  /* when the pause ends, or when a running probe counts as lost */
	bool probing;      /* true while a probe runs in state half-open */
};

enum breaker_pass { BREAKER_GO, BREAKER_PROBE, BREAKER_WAIT };

#define BREAKER_PROBE_WAIT_MS 1000 /* *wait_ms for other calls while the probe runs */

/*
 * Decides whether a call is allowed. If the result is BREAKER_WAIT, the call is not allowed, and
 * *wait_ms is the time until the next try.
 */
enum breaker_pass breaker_ask(struct breaker *breaker, int64_t now_ms, int64_t *wait_ms);

enum breaker_change { BREAKER_SAME, BREAKER_OPENED, BREAKER_CLOSED_AGAIN };

/*
 * Records the outcome of a call that breaker_ask let through. `chance` is any random number; it
 * varies the length of the pause.
 */
enum breaker_change breaker_tell(struct breaker *breaker, enum breaker_pass pass,
				 enum upstream_outcome outcome, int64_t now_ms, uint32_t chance);

/* ---- for a breaker that several processes share ---- */

/* Successful calls of one process that have not been added to the shared breaker yet. */
struct breaker_successes {
	struct breaker_second seconds[BREAKER_WINDOW_S];
	bool any;
};
void breaker_success_add(struct breaker_successes *successes, int64_t now_ms);

/*
 * Adds successful calls to the counts of a closed breaker. These calls count as earlier than the
 * next recorded call, so they end a run of failed connections.
 */
void breaker_merge(struct breaker *breaker, const struct breaker_successes *successes,
		   int64_t now_ms);

/*
 * True if the breaker is closed and its window has failed calls. Each process must then add its own
 * successes, because otherwise the share of failures looks too high.
 */
bool breaker_is_in_doubt(const struct breaker *breaker, int64_t now_ms);

#endif
