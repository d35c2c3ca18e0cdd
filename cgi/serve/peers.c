/*
 * Decides which peers are allowed to connect. On a UNIX socket these are root, our own account and
 * the accounts in peer_users. On a loopback address the peer's account is unknown, so any account
 * of this machine could claim to be any user of the site. A loopback address is used only if the
 * operator allows it (allow_tcp). Each connection to this address must come from an address in
 * FCGI_WEB_SERVER_ADDRS (FastCGI 1.0, section 3.2).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/server_parts.h"

#define ADDRESSES_NAME "FCGI_WEB_SERVER_ADDRS" /* addresses, separated by commas */
#define NAME_SPACE     4096                    /* in bytes, for an entry of the user database */

/* ---- by uid ---- */

static enum status users_find(const struct server_conf *conf, struct peers *peers,
			      struct error *err)
{
	char space[NAME_SPACE];

	for (size_t i = 0; i < conf->peer_users.count; i++) {
		const char *name = conf->peer_users.items[i];
		struct passwd user, *found = NULL;

		if (peers->n_uids == PEERS_MAX)
			return conf_fault(err, STATUS_INTERNAL,
					  conf_server_place(conf, "peer_users"), "more than %d",
					  PEERS_MAX);
		if (getpwnam_r(name, &user, space, sizeof(space), &found) != 0 || found == NULL)
			return conf_fault(err, STATUS_INTERNAL,
					  conf_server_place(conf, "peer_users"),
					  "there is no user '%s'; set peer_users to the user that "
					  "your web server runs as",
					  name);
		peers->uids[peers->n_uids++] = user.pw_uid;
	}
	return STATUS_OK;
}

enum status peer_users_check(const struct server_conf *conf, struct error *err)
{
	struct peers ignored = {.tcp = false};

	return users_find(conf, &ignored, err);
}

static bool uid_is_allowed(const struct peers *peers, uid_t uid)
{
	for (size_t i = 0; i < peers->n_uids; i++) {
		if (peers->uids[i] == uid)
			return true;
	}
	return uid == 0 || uid == geteuid();
}

/* Logs that an account was refused, and how the operator can allow it. */
static void tell_refused(uid_t uid)
{
	struct passwd user, *found = NULL;
	char space[NAME_SPACE], number[24], why[256];

	snprintf(number, sizeof(number), "%ld", (long)uid);
	if (getpwuid_r(uid, &user, space, sizeof(space), &found) != 0 || found == NULL)
		found = NULL;
	snprintf(why, sizeof(why),
		 "this user is not in peer_users; if this is your web server's account, set "
		 "peer_users = %s in [server], and restart prebind",
		 found != NULL ? user.pw_name : number);
	log_event(LOG_LEVEL_WARN, "peer_refused", "uid", number, "user",
		  found != NULL ? user.pw_name : NULL, "why", why, NULL);
}

static bool user_is_allowed(const struct peers *peers, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		log_event(LOG_LEVEL_WARN, "peer_refused", "uid", "unknown", "why",
			  "the system does not say which user made the connection", NULL);
		return false;
	}
	if (uid_is_allowed(peers, peer.uid))
		return true;
	tell_refused(peer.uid);
	return false;
}

/* ---- by address ---- */

/* Writes the peer's IP address as text, or "" if the connection is not TCP. */
static void address_write(const struct sockaddr_storage *address, char out[INET6_ADDRSTRLEN])
{
	const void *bytes = address->ss_family == AF_INET
				? (const void *)&((const struct sockaddr_in *)address)->sin_addr
				: &((const struct sockaddr_in6 *)address)->sin6_addr;

	out[0] = '\0';
	inet_ntop(address->ss_family, bytes, out, INET6_ADDRSTRLEN);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN];

	address_write(address, text);
	return address_is_loopback(text);
}

static enum status address_add(const char *text, size_t len, struct peers *peers, struct error *err)
{
	char copy[INET6_ADDRSTRLEN];
	struct error why = {0};

	if (peers->n_nets == PEERS_MAX)
		return error_set(err, STATUS_INTERNAL, ADDRESSES_NAME ": more than %d addresses",
				 PEERS_MAX);
	if (len >= sizeof(copy))
		return error_set(err, STATUS_INTERNAL,
				 ADDRESSES_NAME ": '%.*s' is not an IP address", INET6_ADDRSTRLEN,
				 text);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (address_net_parse(copy, &peers->nets[peers->n_nets], &why) != STATUS_OK)
		return error_set(err, STATUS_INTERNAL, ADDRESSES_NAME ": %s", why.text);
	peers->n_nets++;
	return STATUS_OK;
}

static enum status addresses_find(bool allowed, struct peers *peers, struct error *err)
{
	const char *list = getenv(ADDRESSES_NAME);
	enum status status = STATUS_OK;

	if (!allowed)
		return error_set(err, STATUS_FORBIDDEN,
				 "prebind was given a TCP socket, through which any account on "
				 "this machine could impersonate any site user; use a UNIX socket, "
				 "or set allow_tcp in [server]");
	if (list == NULL || *list == '\0')
		return error_set(err, STATUS_FORBIDDEN,
				 "allow_tcp requires " ADDRESSES_NAME
				 ": set this variable in the program's environment to the web "
				 "server's addresses, such as 127.0.0.1");
	for (const char *text = list; status == STATUS_OK; text++) {
		size_t len = strcspn(text, ",");

		status = address_add(text, len, peers, err);
		text += len;
		if (*text == '\0')
			break;
	}
	return status;
}

static bool address_is_allowed(const struct peers *peers, const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN];

	address_write(address, text);
	for (size_t i = 0; address_is_loopback(text) && i < peers->n_nets; i++) {
		if (address_in_net(text, &peers->nets[i]))
			return true;
	}
	log_event(LOG_LEVEL_WARN, "peer_refused", "address", text, "why", "not in " ADDRESSES_NAME,
		  NULL);
	return false;
}

/* ---- both kinds of socket ---- */

enum status peers_find(const struct server_conf *conf, const struct sockaddr_storage *inherited,
		       struct peers *out, struct error *err)
{
	struct peers peers = {.tcp = inherited != NULL && inherited->ss_family != AF_UNIX};

	if (peers.tcp && !is_loopback(inherited))
		return error_set(err, STATUS_FORBIDDEN,
				 "prebind was given a socket that listens on the network, where "
				 "anybody could impersonate any site user; use a UNIX socket");
	enum status status = users_find(conf, &peers, err);
	if (status == STATUS_OK && peers.tcp)
		status = addresses_find(conf->allow_tcp, &peers, err);
	if (status == STATUS_OK)
		*out = peers;
	return status;
}

bool peer_is_allowed(const struct peers *peers, int fd, const struct sockaddr_storage *address)
{
	return peers->tcp ? address_is_allowed(peers, address) : user_is_allowed(peers, fd);
}
