/*
 * What separate processes know together about an upstream, a line of text for each URL. It lies in
 * the limits' file and may be lost with it: whoever reads nothing begins anew (REL-UP-6, REL-DB-7).
 */
#ifndef STORE_UPSTREAM_STATE_H
#define STORE_UPSTREAM_STATE_H

#include "base/strbuf.h"
#include "store/limit.h"

/*
 * Makes the state that is to be kept of the one that was; before: "" where there was none. No other
 * process reads or writes between the two. May be called twice: only the last one counts.
 */
typedef void upstream_state_change(void *arg, const char *before, struct strbuf *after);

enum status upstream_state_update(struct limit_store *limits, const char *url,
				  upstream_state_change *change, void *arg, struct error *err);

#endif
