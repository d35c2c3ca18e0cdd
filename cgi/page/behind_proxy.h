/*
 * Detects requests that come through a proxy which the web server does not know. All visitors then
 * seem to have the proxy's address. The limits per address count them together, and the log shows
 * one address for all. The forwarding headers are used only for this detection and are never
 * trusted, because anybody can send them.
 */
#ifndef PAGE_BEHIND_PROXY_H
#define PAGE_BEHIND_PROXY_H

#include "page/app.h"

/* If the request came through an unknown proxy, logs this at most once an hour per site. */
void behind_proxy_notice(struct exchange *ex);

/* True if the site had a request through an unknown proxy within the last hour. Changes nothing. */
bool behind_proxy_was_noticed(const struct site *site);

#endif
