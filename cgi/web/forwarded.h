/*
 * What trusted proxies say about a request: the visitor's address, the scheme and the host, from
 * Forwarded (RFC 7239) and X-Forwarded-For, -Proto and -Host. Texts in, texts out; it knows no
 * request. Anybody can send these headers. So a header counts only if the web server's own peer is
 * a trusted proxy, and of the addresses in it only those that a trusted proxy has added.
 */
#ifndef WEB_FORWARDED_H
#define WEB_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define FORWARDED_HOPS_MAX 32 /* proxies in a row; a genuine header names two or three */

/* Addresses and networks; borrowed. Each is one that address_net_parse accepts. */
struct forwarded_trust {
	char *const *items;
	size_t count;
};

/* The headers; NULL: absent. peer is the address that the web server reports. */
struct forwarded_headers {
	const char *peer;
	const char *forwarded;
	const char *x_for;
	const char *x_proto;
	const char *x_host;
};

struct forwarded {
	bool counts;   /* the peer is trusted, and it sent one of the headers */
	char *address; /* owned; the visitor's; NULL: no trusted proxy says it */
	char *proto;   /* owned; "http", "https" or another word; NULL: not said */
	char *host;    /* owned; as in a Host header, unchecked; NULL: not said */
};

/*
 * Walks from the peer to the left, past each trusted proxy. The first address that is not trusted
 * is the visitor's; if all are, the leftmost. proto and host are what the proxy says to which the
 * visitor connected. An address that cannot be read (`unknown`, `_hidden`) ends the walk, and the
 * visitor's address is then not known. The caller clears *out, also after a failure.
 * STATUS_BAD_REQUEST: Forwarded is malformed, a header names too many proxies, or Forwarded and
 * X-Forwarded-… contradict each other, because the proxy sets one kind and passes on the other.
 */
enum status forwarded_read(const struct forwarded_headers *headers,
			   const struct forwarded_trust *trust, struct forwarded *out,
			   struct error *err);
void forwarded_clear(struct forwarded *forwarded);

#endif
