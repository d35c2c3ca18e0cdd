/*
 * Finds what trusted proxies report about a request: the visitor's address, the scheme and the
 * host. It reads Forwarded (RFC 7239) and X-Forwarded-For, -Proto and -Host. It works on strings,
 * and does not know struct request.
 *
 * Anybody can send these headers. So a header is used only if the peer that connected to the web
 * server is a trusted proxy. Of the addresses in a header, only those that trusted proxies have
 * added are used.
 */
#ifndef WEB_FORWARDED_H
#define WEB_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define FORWARDED_HOPS_MAX 32 /* proxies in a row; a genuine header names two or three */

/*
 * The addresses and networks of the trusted proxies; borrowed. Each has a form that
 * address_net_parse accepts.
 */
struct forwarded_trust {
	char *const *items;
	size_t count;
};

/* The headers, each NULL if absent. peer is the address that connected to the web server. */
struct forwarded_headers {
	const char *peer;
	const char *forwarded;
	const char *x_for;
	const char *x_proto;
	const char *x_host;
};

struct forwarded {
	bool counts;   /* true if the peer is trusted and sent one of the headers */
	char *address; /* owned; the visitor's address; NULL if no trusted proxy reports it */
	char *proto;   /* owned; "http", "https" or another word; NULL if not reported */
	char *host;    /* owned; as in a Host header, unchecked; NULL if not reported */
};

/*
 * Reads the addresses of a header from right to left and skips trusted proxies. The first address
 * that is not trusted is the visitor's. If all are trusted, the leftmost address is the visitor's.
 * proto and host come from the proxy to which the visitor connected. The visitor's address is not
 * known if an address cannot be read (`unknown`, `_hidden`). The caller clears *out, even after a
 * failure. Returns STATUS_BAD_REQUEST if Forwarded is malformed, if a header lists too many
 * proxies, or if Forwarded and X-Forwarded-… contradict each other. A contradiction occurs if a
 * proxy sets headers of one kind, and passes on the visitor's headers of the other kind.
 */
enum status forwarded_read(const struct forwarded_headers *headers,
			   const struct forwarded_trust *trust, struct forwarded *out,
			   struct error *err);
void forwarded_clear(struct forwarded *forwarded);

#endif
