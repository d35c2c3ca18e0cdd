/*
 * The addresses of an XMPP server: which one is asked, when another one, and when none. A call is
 * repeated only if nothing was sent, because a repetition could create a second session. Breakers
 * keep calls from a server that fails. The back end makes the calls; this file sees only their
 * outcome. Thread-safe; the breakers belong to one process, unless they are shared.
 */
#ifndef PREBIND_UPSTREAM_H
#define PREBIND_UPSTREAM_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "prebind/breaker.h"
#include "store/limit.h"

struct upstreams; /* opaque */

/* site is for the log; urls are asked in this order. Both are borrowed. */
enum status upstreams_new(const char *site, const struct conf_list *urls, struct upstreams **out,
			  struct error *err);
void upstreams_free(struct upstreams *upstreams); /* NULL is allowed */

/* From now on all processes that use these limits (borrowed) share the breakers; for plain CGI. */
void upstreams_share(struct upstreams *upstreams, struct limit_store *limits);

/* Makes one call at one address. *outcome is OUTCOME_NONE before. */
typedef enum status upstream_try(void *arg, const char *url, enum upstream_outcome *outcome,
				 struct error *err);

/*
 * Tries the addresses in order until something was sent to one of them. Its answer or failure is
 * the result. If nothing could be sent, they are tried once more after a short pause, provided that
 * enough calls succeeded before. STATUS_UNAVAILABLE with err->retry_after: every breaker is open.
 */
enum status upstreams_call(struct upstreams *upstreams, upstream_try *call, void *arg,
			   int64_t deadline_ms, struct error *err);

#endif
