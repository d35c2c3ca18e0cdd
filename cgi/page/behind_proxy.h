/*
 * Detects that requests come through a proxy which the web server does not know. All visitors then
 * have the proxy's address. The limits by address then count them together, and the log shows one
 * address for all. The forwarding headers are only used to detect this. They are not trusted,
 * because anybody can send them.
 */
#ifndef PAGE_BEHIND_PROXY_H
#define PAGE_BEHIND_PROXY_H

#include "page/app.h"

/* If the request came through such a proxy, logs it, at most once an hour per site. */
void behind_proxy_notice(struct exchange *ex);

/* True if there was such a request within the last hour. Changes nothing. */
bool behind_proxy_was_noticed(const struct site *site);

#endif
