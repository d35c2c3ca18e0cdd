/*
 * Parses IP addresses and networks, and checks whether an address is in a network. Pure. An IPv4
 * address from an IPv6 socket (::ffff:192.0.2.1) counts as the IPv4 address.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>

#include "base/error.h"

#define ADDRESS_BYTES 16

struct address_net {
	unsigned char bytes[ADDRESS_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;                      /* the prefix length; 96 or more for IPv4 */
};

/*
 * Reads "192.0.2.1", "192.0.2.0/24", "2001:db8::1" or "2001:db8::/32". Returns STATUS_BAD_REQUEST
 * if the text has none of these forms, or if bits after the prefix length are set, which is usually
 * a typing mistake.
 */
enum status address_net_parse(const char *text, struct address_net *out, struct error *err);

/* True for an address without a zone, port or prefix length. */
bool address_is_valid(const char *text);

/*
 * True if the address is in the network. A zone ("fe80::1%eth0") is ignored. Returns false for a
 * string that is not an address.
 */
bool address_in_net(const char *address, const struct address_net *net);

/*
 * True for ::1 and for 127.0.0.0/8, even if written as ::ffff:127.0.0.1. Returns false for a string
 * that is not an address.
 */
bool address_is_loopback(const char *address);

#endif
