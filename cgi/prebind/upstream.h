/*
 * The addresses at which an XMPP server can be asked: which one is, when another, when none
 * (SECURITY: REL-UP-3, REL-UP-6, REL-UP-7). What is asked and how is a back end's business; this
 * only sees the outcome. Thread-safe; the breakers are those of one process, unless they are
 * shared.
 */
#ifndef PREBIND_UPSTREAM_H
#define PREBIND_UPSTREAM_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "prebind/breaker.h"
#include "store/limit.h"

struct upstreams; /* opaque */

/* site: for the log; urls: in the order in which they are asked. Both are borrowed. */
enum status upstreams_new(const char *site, const struct conf_list *urls, struct upstreams **out,
			  struct error *err);
void upstreams_free(struct upstreams *upstreams); /* takes NULL */

/*
 * From now on the breakers are those of all processes that use these limits, borrowed; for plain
 * CGI.
 */
void upstreams_share(struct upstreams *upstreams, struct limit_store *limits);

/* One call at one address. *outcome is OUTCOME_NONE before. */
typedef enum status upstream_try(void *arg, const char *url, enum upstream_outcome *outcome,
				 struct error *err);

/*
 * Tries the addresses in order until one could be sent the call: what it answers, or that it does
 * not, is the result. Where none could be, they are tried once more after a short pause, if calls
 * succeeded often enough before. STATUS_UNAVAILABLE with err->retry_after: every breaker is open.
 */
enum status upstreams_call(struct upstreams *upstreams, upstream_try *call, void *arg,
			   int64_t deadline_ms, struct error *err);

#endif
