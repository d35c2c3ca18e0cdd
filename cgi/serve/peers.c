/*
 * The addresses that may connect if the socket is on loopback and not a file. The peer's uid is not
 * known there, so every account of the machine could claim to be any user of the site. Such a
 * socket is accepted only if the operator allows it (allow_tcp). A connection must come from an
 * address that FCGI_WEB_SERVER_ADDRS names (FastCGI 1.0, section 3.2).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "serve/server_parts.h"

#define ADDRESSES_NAME "FCGI_WEB_SERVER_ADDRS" /* separated by commas */

bool tcp_is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;

		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127);
	}
	return false;
}

static enum status address_add(const char *text, size_t len, struct tcp_peers *peers,
			       struct error *err)
{
	char copy[INET6_ADDRSTRLEN];
	struct error why = {0};

	if (peers->count == TCP_PEERS_MAX)
		return error_set(err, STATUS_INTERNAL, ADDRESSES_NAME ": more than %d addresses",
				 TCP_PEERS_MAX);
	if (len >= sizeof(copy))
		return error_set(err, STATUS_INTERNAL, ADDRESSES_NAME ": '%.*s' is no IP address",
				 INET6_ADDRSTRLEN, text);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (address_net_parse(copy, &peers->items[peers->count], &why) != STATUS_OK)
		return error_set(err, STATUS_INTERNAL, ADDRESSES_NAME ": %s", why.text);
	peers->count++;
	return STATUS_OK;
}

enum status tcp_peers_find(bool allowed, struct tcp_peers *out, struct error *err)
{
	const char *list = getenv(ADDRESSES_NAME);
	struct tcp_peers peers = {.count = 0};
	enum status status = STATUS_OK;

	if (!allowed)
		return error_set(err, STATUS_FORBIDDEN,
				 "the socket that was handed over is TCP, where every account of "
				 "this machine can be any user: use a UNIX socket, or set "
				 "allow_tcp in [server]");
	if (list == NULL || *list == '\0')
		return error_set(err, STATUS_FORBIDDEN,
				 "allow_tcp: whoever starts the program must set " ADDRESSES_NAME
				 " to the web server's addresses, 127.0.0.1 for instance");
	for (const char *text = list; status == STATUS_OK; text++) {
		size_t len = strcspn(text, ",");

		status = address_add(text, len, &peers, err);
		text += len;
		if (*text == '\0')
			break;
	}
	if (status == STATUS_OK)
		*out = peers;
	return status;
}

bool tcp_peer_is_allowed(const struct tcp_peers *peers, const struct sockaddr_storage *address)
{
	const void *bytes = address->ss_family == AF_INET
				? (const void *)&((const struct sockaddr_in *)address)->sin_addr
				: &((const struct sockaddr_in6 *)address)->sin6_addr;
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->ss_family, bytes, text, sizeof(text));
	for (size_t i = 0; tcp_is_loopback(address) && i < peers->count; i++) {
		if (address_in_net(text, &peers->items[i]))
			return true;
	}
	log_event(LOG_LEVEL_WARN, "peer_refused", "address", text, "why", "not in " ADDRESSES_NAME,
		  NULL);
	return false;
}
