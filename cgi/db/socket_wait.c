/*
 * First waits up to two milliseconds without blocking_begin. Most answers come within that time,
 * before another thread could start to serve a request.
 */
#include "db/socket_wait.h"

#include <poll.h>

#include "base/clock.h"
#include "base/blocking.h"

#define SHORT_WAIT_MS 2

bool socket_wait(int fd, short events, int64_t until_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int64_t left_ms = clock_left_ms(until_ms);
	int ready = poll(&poll_fd, 1, (int)(left_ms < SHORT_WAIT_MS ? left_ms : SHORT_WAIT_MS));

	if (ready != 0 || left_ms <= SHORT_WAIT_MS || !blocking_begin())
		return ready > 0;
	ready = poll(&poll_fd, 1, (int)clock_left_ms(until_ms));
	blocking_end();
	return ready > 0;
}
