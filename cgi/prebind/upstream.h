/*
 * The addresses of an XMPP server. Decides which one to call, when to try the next, and when to
 * call none. It tries again only if nothing was sent, because a second call could create a second
 * session. Breakers stop calls to a server that fails. The back end makes the calls; this file sees
 * only their outcome. Thread-safe; the breakers belong to one process, unless they are shared.
 */
#ifndef PREBIND_UPSTREAM_H
#define PREBIND_UPSTREAM_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "prebind/upstream_breaker.h"

struct upstreams; /* opaque */

/* site is for the log; urls are asked in this order. Both are borrowed. */
enum status upstreams_new(const char *site, const struct conf_list *urls, struct upstreams **out,
			  struct error *err);
void upstreams_free(struct upstreams *upstreams); /* NULL is allowed */

/* From now on other processes share the breakers. Call it before the first call. */
void upstreams_share(struct upstreams *upstreams, const struct breaker_sharing *sharing);

/*
 * Makes one call at one address. *outcome is OUTCOME_NONE before. With STATUS_INTERNAL, such as
 * without memory, it does not count, whatever it is then.
 */
typedef enum status upstream_try(void *arg, const char *url, enum upstream_outcome *outcome,
				 struct error *err);

/*
 * Tries the addresses in order until something was sent to one of them. The answer or failure of
 * that call is the result. If nothing could be sent to any of them, it tries all once more after a
 * short pause, provided that enough calls succeeded before. STATUS_UNAVAILABLE with
 * err->retry_after: every breaker is open.
 */
enum status upstreams_call(struct upstreams *upstreams, upstream_try *call, void *arg,
			   int64_t deadline_ms, struct error *err);

#endif
