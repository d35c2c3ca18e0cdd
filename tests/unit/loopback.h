/*
 * What tests with an HTTP server of their own share. Include it after unit.h.
 */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/secret.h"
#include "net/http_client.h"

/* For GROUP: our client works in all tests of the file. */
static inline int client_start(void **state)
{
	(void)state;
	assert_ok(secret_start(ERR));
	assert_ok(http_client_start(ERR));
	return 0;
}

static inline int client_stop(void **state)
{
	(void)state;
	http_client_stop();
	return 0;
}

/* Returns a socket that listens at a free port of 127.0.0.1; the caller closes it. */
static inline int listen_on_loopback(int backlog, int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* Reads a request up to the end of its body. */
static inline bool read_whole_request(int fd)
{
	char buf[4096];
	size_t len = 0, need = SIZE_MAX;

	while (len < need && len < sizeof(buf) - 1) {
		ssize_t n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		const char *end = strstr(buf, "\r\n\r\n");
		const char *length = strcasestr(buf, "\r\nContent-Length: ");
		if (end != NULL && length != NULL)
			need = (size_t)(end + 4 - buf) + strtoul(length + 18, NULL, 10);
	}
	return true;
}

#endif
