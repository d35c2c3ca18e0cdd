/*
 * The state of an upstream that separate processes share, one line of text per URL. With plain CGI
 * each process would otherwise have to find out again that a server is down. It is in the file of
 * the limits and may be lost with it: a process that finds no state begins anew.
 */
#ifndef STORE_UPSTREAM_STATE_H
#define STORE_UPSTREAM_STATE_H

#include "base/strbuf.h"
#include "store/limit.h"

/*
 * Computes the new state from the old one; before is "" if there was none. No other process reads
 * or writes in between. It may be called twice: only the last result counts.
 */
typedef void upstream_state_change(void *arg, const char *before, struct strbuf *after);

enum status upstream_state_update(struct limit_store *limits, const char *url,
				  upstream_state_change *change, void *arg, struct error *err);

#endif
