/*
 * A request's head, looked at while it still lies in the socket. What is read here is read again by
 * libfcgi, so nothing is taken over but what libfcgi cannot say: whether all has come, and whether
 * a parameter is longer than the C string that it becomes.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "web/request.h"
#include "serve/server_parts.h"

/* FastCGI specification, 3.3 and 8. */
#define RECORD_HEAD   8
#define RECORD_PARAMS 4
#define RECORD_STDIN  5
#define RECORD_TYPES  9 /* from here on they belong to no request, and are libfcgi's business */

#define FIRST_LOOK (8 * 1024) /* as a rule a request takes 1 to 2 KiB */
#define NAP_MAX_MS 32
#define LAST_LOOK  (REQUEST_PARAMS_BYTES_MAX + 16 * 1024) /* with records and lengths around them */

struct record {
	unsigned type;
	size_t len;
	size_t whole; /* with its head and its padding */
};

static bool record_at(const unsigned char *data, size_t len, struct record *out)
{
	if (len < RECORD_HEAD)
		return false;
	out->type = data[0] == 1 ? data[1] : RECORD_TYPES; /* version 1 is the only one */
	out->len = (size_t)data[4] << 8 | data[5];
	out->whole = RECORD_HEAD + out->len + data[6];
	return true;
}

/* ---- names and values ---- */

/* A length of one byte, or of four. False: its bytes have not all come. */
static bool length_next(const unsigned char **at, const unsigned char *end, size_t *out)
{
	const unsigned char *p = *at;

	if (p == end || (p[0] >= 0x80 && end - p < 4))
		return false;
	if (p[0] < 0x80) {
		*out = p[0];
		*at = p + 1;
	} else {
		*out = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
		*at = p + 4;
	}
	return true;
}

/* HEAD_PARTIAL: the last one is not whole. */
static enum head_state params_read(const unsigned char *at, size_t len, struct head *out)
{
	const unsigned char *end = at + len;

	while (at < end) {
		size_t name_len, value_len;

		if (!length_next(&at, end, &name_len) || !length_next(&at, end, &value_len))
			return HEAD_PARTIAL;
		if (name_len + value_len > (size_t)(end - at))
			return name_len + value_len > LAST_LOOK ? HEAD_BROKEN : HEAD_PARTIAL;
		out->nul |= memchr(at, '\0', name_len + value_len) != NULL;
		at += name_len + value_len;
	}
	return HEAD_WHOLE;
}

/* ---- records ---- */

/* What lies behind the head. */
static void body_read(const unsigned char *data, size_t len, struct head *out)
{
	struct record record;

	while (!out->ended && record_at(data, len, &record) && record.type == RECORD_STDIN) {
		size_t come = len - RECORD_HEAD < record.len ? len - RECORD_HEAD : record.len;

		out->body += come;
		out->ended = record.len == 0;
		if (record.whole > len)
			break;
		data += record.whole;
		len -= record.whole;
	}
}

/* data is scratch: its bytes are moved. */
static enum head_state head_read(unsigned char *data, size_t len, struct head *out)
{
	size_t params_len = 0, at = 0;
	struct record record;

	*out = (struct head){.nul = false};
	while (record_at(data + at, len - at, &record)) {
		unsigned char *content = data + at + RECORD_HEAD;

		if (record.type >= RECORD_TYPES)
			return HEAD_LARGE;
		if (record.whole > len - at)
			break;
		at += record.whole;
		if (record.type != RECORD_PARAMS)
			continue;
		if (record.len == 0) {
			body_read(data + at, len - at, out);
			return params_read(data, params_len, out) == HEAD_WHOLE ? HEAD_WHOLE
										: HEAD_BROKEN;
		}
		memmove(data + params_len, content, record.len); /* without the records between */
		params_len += record.len;
	}
	return params_read(data, params_len, out) == HEAD_BROKEN ? HEAD_BROKEN : HEAD_PARTIAL;
}

/* ---- the socket ---- */

static enum head_state look_at(int fd, unsigned char *data, size_t size, size_t *come,
			       struct head *out)
{
	ssize_t got;

	do
		got = recv(fd, data, size, MSG_PEEK | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	*come = got > 0 ? (size_t)got : 0;
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		return HEAD_BROKEN;
	enum head_state state = head_read(data, *come, out);
	secret_wipe(data, *come); /* cookies */
	return state;
}

static enum head_state look_far(int fd, struct head *out)
{
	unsigned char *data = malloc(LAST_LOOK);
	size_t come;

	if (data == NULL)
		return HEAD_BROKEN;
	enum head_state state = look_at(fd, data, LAST_LOOK, &come, out);
	free(data);
	out->large = state == HEAD_PARTIAL && come == LAST_LOOK;
	return out->large ? HEAD_LARGE : state;
}

enum head_state head_look(int fd, struct head *out)
{
	unsigned char data[FIRST_LOOK];
	size_t come;
	enum head_state state = look_at(fd, data, sizeof(data), &come, out);

	return state == HEAD_PARTIAL && come == sizeof(data) ? look_far(fd, out) : state;
}

/*
 * What has come stays in the socket, which is readable from then on: so the rest is looked for
 * again and again. No descriptor is needed for that: they may be used up.
 */
enum head_state head_await(int fd, int ms, struct head *out)
{
	int64_t until_ms = clock_monotonic_ms() + ms;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLRDHUP};
	enum head_state state = HEAD_PARTIAL;
	long nap_ms = 1;

	while (state == HEAD_PARTIAL && clock_left_ms(until_ms) > 0) {
		int rc = poll(&poll_fd, 1, (int)clock_left_ms(until_ms));

		state = head_look(fd, out);
		if (state != HEAD_PARTIAL || (rc > 0 && (poll_fd.revents & POLLRDHUP)))
			break;
		nanosleep(&(struct timespec){.tv_nsec = nap_ms * 1000000}, NULL);
		nap_ms = nap_ms < NAP_MAX_MS ? 2 * nap_ms : NAP_MAX_MS;
	}
	return state == HEAD_PARTIAL ? HEAD_BROKEN : state;
}
