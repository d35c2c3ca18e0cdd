/*
 * IP addresses and networks as text: reading them, and whether one is in the other. Pure. An IPv4
 * address that came over an IPv6 socket (::ffff:192.0.2.1) is the IPv4 address.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>

#include "base/error.h"

#define ADDRESS_BYTES 16

struct address_net {
	unsigned char bytes[ADDRESS_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;                      /* of bytes that must agree: 96 and more for IPv4 */
};

/*
 * "192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32". STATUS_BAD_REQUEST: neither, or a
 * network with bits set behind its length, which is a typing mistake more often than not.
 */
enum status address_net_parse(const char *text, struct address_net *out, struct error *err);

/* False also for an address that is none. A zone ("fe80::1%eth0") is left out of account. */
bool address_in_net(const char *address, const struct address_net *net);

#endif
