/*
 * The addresses of an XMPP server. Decides which address to call, when to try the next address, and
 * when to call no address. A call is repeated only if nothing was sent, because a second call could
 * create a second session. A breaker stops calls to a server that fails. The back end makes the
 * calls; this file sees only their outcome. Thread-safe. Each process has its own breakers, unless
 * they are shared.
 */
#ifndef PREBIND_UPSTREAM_H
#define PREBIND_UPSTREAM_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "prebind/upstream_breaker.h"

struct upstreams; /* opaque */

/*
 * `site` is the name for the log. The addresses in `urls` are called in order. `site` and `urls`
 * are borrowed.
 */
enum status upstreams_new(const char *site, const struct conf_list *urls, struct upstreams **out,
			  struct error *err);
void upstreams_free(struct upstreams *upstreams); /* NULL is allowed */

/* Shares the breakers with other processes from now on. Call this before the first call. */
void upstreams_share(struct upstreams *upstreams, const struct breaker_sharing *sharing);

/*
 * Makes one call at one address. *outcome is OUTCOME_NONE before the call. If the result is
 * STATUS_INTERNAL, for example because there is no memory, *outcome is ignored.
 */
typedef enum status upstream_try(void *arg, const char *url, enum upstream_outcome *outcome,
				 struct error *err);

/*
 * Calls the addresses in order until something was sent to one of them. The answer or failure of
 * that call is the result. If nothing could be sent to any address, and enough calls have succeeded
 * before, all addresses are called once more after a short pause. Returns STATUS_UNAVAILABLE with
 * err->retry_after if every breaker is open.
 */
enum status upstreams_call(struct upstreams *upstreams, upstream_try *call, void *arg,
			   int64_t deadline_ms, struct error *err);

#endif
