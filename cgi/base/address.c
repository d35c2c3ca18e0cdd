/*
 * Addresses and networks. All are stored as IPv6, so that the same comparison works for IPv4 and
 * IPv6.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_TEXT_MAX 64 /* bytes; enough for INET6_ADDRSTRLEN and a zone */
/* bits of the prefix ::ffff:0:0, which precedes an IPv4 address that is stored as IPv6 */
#define IPV4_BITS 96

/* Reads an address. Sets *ipv4 to true if it is an IPv4 address. */
static bool address_read(const char *text, size_t len, unsigned char out[ADDRESS_BYTES], bool *ipv4)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char copy[ADDRESS_TEXT_MAX];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ipv4 = inet_pton(AF_INET, copy, out + sizeof(mapped)) == 1;
	if (*ipv4) {
		memcpy(out, mapped, sizeof(mapped));
		return true;
	}
	return inet_pton(AF_INET6, copy, out) == 1;
}

/* True if all bits after the prefix length are zero. */
static bool is_whole(const struct address_net *net)
{
	for (unsigned bit = net->bits; bit < 8 * ADDRESS_BYTES; bit++)
		if (net->bytes[bit / 8] & (0x80u >> (bit % 8)))
			return false;
	return true;
}

/*
 * Reads the prefix length after the slash. Returns false if it is not a number, or is larger than
 * max.
 */
static bool length_read(const char *text, unsigned max, unsigned *out)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out <= max;
}

enum status address_net_parse(const char *text, struct address_net *out, struct error *err)
{
	const size_t len = strcspn(text, "/");
	struct address_net net = {.bits = 8 * ADDRESS_BYTES};
	bool ipv4 = false;
	unsigned bits = 0;

	if (!address_read(text, len, net.bytes, &ipv4))
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "'%s' is not an IP address; write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32",
		    text);
	if (text[len] == '/') {
		if (!length_read(text + len + 1, ipv4 ? 32 : 128, &bits))
			return error_set(
			    err, STATUS_BAD_REQUEST,
			    "'%s': the prefix length after the / must be a number from 0 to %d",
			    text, ipv4 ? 32 : 128);
		net.bits = ipv4 ? IPV4_BITS + bits : bits;
	}
	if (!is_whole(&net))
		return error_set(err, STATUS_BAD_REQUEST,
				 "'%s' has bits set after the prefix length; write the network's "
				 "first address, or a single address without a /",
				 text);
	*out = net;
	return STATUS_OK;
}

static bool is_in_net(const unsigned char bytes[ADDRESS_BYTES], const struct address_net *net)
{
	const unsigned whole = net->bits / 8, rest = net->bits % 8;
	const unsigned char mask = (unsigned char)(0xff00u >> rest);

	return memcmp(bytes, net->bytes, whole) == 0 &&
	       (rest == 0 || ((bytes[whole] ^ net->bytes[whole]) & mask) == 0);
}

bool address_is_valid(const char *text)
{
	unsigned char bytes[ADDRESS_BYTES];
	bool ipv4;

	return address_read(text, strlen(text), bytes, &ipv4);
}

bool address_in_net(const char *address, const struct address_net *net)
{
	unsigned char bytes[ADDRESS_BYTES];
	bool ipv4;

	return address_read(address, strcspn(address, "%"), bytes, &ipv4) && is_in_net(bytes, net);
}

bool address_is_loopback(const char *address)
{
	static const struct address_net nets[] = {
	    {.bytes = {[10] = 0xff, 0xff, 127}, .bits = IPV4_BITS + 8    },
	    {.bytes = {[15] = 1},               .bits = 8 * ADDRESS_BYTES},
	};
	unsigned char bytes[ADDRESS_BYTES];
	bool ipv4;

	return address_read(address, strcspn(address, "%"), bytes, &ipv4) &&
	       (is_in_net(bytes, &nets[0]) || is_in_net(bytes, &nets[1]));
}
