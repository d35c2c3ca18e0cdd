/*
 * Finds the addresses of a database's host before the request's deadline. getaddrinfo(3) has no
 * time limit. If a name server does not answer, getaddrinfo takes ten seconds or more. Used by
 * store/ and sitedb/.
 */
#ifndef DB_RESOLVE_H
#define DB_RESOLVE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/site_uri.h"

#define RESOLVE_MAX 4 /* maximum number of a host's addresses that are tried */

struct resolved {
	char addresses[RESOLVE_MAX][INET6_ADDRSTRLEN];
	size_t count;
};

/* True if the host is a name that has to be looked up, not an address or a local socket. */
bool resolve_is_needed(const struct site_uri *uri);

/*
 * Finds the addresses of a name. Waits with base/blocking.h, so that another thread can serve
 * requests meanwhile. until_ms is monotonic. Returns STATUS_UNAVAILABLE if there are no addresses,
 * or if the name servers did not answer in time. Returns STATUS_BUSY if too many requests are
 * waiting.
 */
enum status resolve_host(const char *host, int64_t until_ms, struct resolved *out,
			 struct error *err);

/*
 * Limits name server queries in the calling thread to one try of one second for each name server.
 * Call this before each call of a library that queries the name servers itself.
 */
void resolve_briefly(void);

#endif
