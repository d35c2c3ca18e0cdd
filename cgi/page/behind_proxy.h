/*
 * Do requests come through a proxy that the web server has not been told of? Then all visitors have
 * the proxy's address: the limits by address count them together, and the log names nobody. The
 * headers are never believed, since anybody can send them: they are only noticed.
 */
#ifndef PAGE_BEHIND_PROXY_H
#define PAGE_BEHIND_PROXY_H

#include "page/app.h"

/* Writes a line to the log, once an hour for a site, if the request came in such a way. */
void behind_proxy_notice(struct exchange *ex);

/* Was there such a request within the last hour? Looks only. */
bool behind_proxy_was_noticed(const struct site *site);

#endif
