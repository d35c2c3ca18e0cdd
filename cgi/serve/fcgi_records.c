/*
 * Reads and writes FastCGI records (specification, sections 3.3, 5 and 8).
 *
 * A request's head is examined while it is still in the socket, before libfcgi reads the same
 * bytes. The examination finds only what libfcgi does not report: whether the head is complete,
 * whether a parameter contains a NUL, and whether a length is impossible.
 *
 * Answers are written here, up to 64 KiB in one write. libfcgi would send every 8 KiB separately,
 * and each piece would wake the web server.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "serve/server_parts.h"
#include "web/request.h"

#define RECORD_VERSION 1     /* the only version of FastCGI */
#define RECORD_MAX     65535 /* maximum content of a record, in bytes; the length has 16 bits */

enum record_type {
	RECORD_ABORT_REQUEST = 2,
	RECORD_END_REQUEST = 3,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
	RECORD_STDOUT = 6,
	/*
	 * Records with this or a higher type belong to no request, and neither do records with id
	 * 0. libfcgi answers these records.
	 */
	RECORD_MANAGEMENT = 9
};

struct record {
	unsigned char version;
	unsigned char type;
	unsigned char id[2];
	unsigned char len[2]; /* length of the content, without padding */
	unsigned char padding;
	unsigned char reserved;
};

#define FIRST_LOOK (8 * 1024)                             /* most requests take 1 to 2 KiB */
#define LAST_LOOK  (REQUEST_PARAMS_BYTES_MAX + 16 * 1024) /* plus 16 KiB for record headers */
#define ABORT_LOOK 256 /* in bytes; enough for the end of a body and an abort */
#define NAP_MAX_MS 32

#define STILL_MS  10000 /* a web server that reads nothing for this long is considered dead */
#define ANSWER_MS 60000 /* time limit for sending an answer that is read slowly */

/* ---- the parameters in a head ---- */

/* Reads a length of one or four bytes. Returns false if not all bytes have arrived. */
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

/* Returns HEAD_PARTIAL if the last parameter is incomplete. */
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

/* ---- the records of a head ---- */

/* The fields of a record's header, decoded. */
struct found {
	unsigned type;
	unsigned id; /* the request's id */
	size_t len;
	size_t whole; /* length of the record with header and padding */
};

static bool record_at(const unsigned char *data, size_t len, struct found *out)
{
	struct record record;

	if (len < sizeof(record))
		return false;
	memcpy(&record, data, sizeof(record));
	out->id = (unsigned)record.id[0] << 8 | record.id[1];
	out->type =
	    record.version == RECORD_VERSION && out->id != 0 ? record.type : RECORD_MANAGEMENT;
	out->len = (size_t)record.len[0] << 8 | record.len[1];
	out->whole = sizeof(record) + out->len + record.padding;
	return true;
}

/*
 * Counts the bytes of the body that arrived with the head. Stops at a record of another request.
 * Returns false if the web server has aborted the request.
 */
static bool body_read(const unsigned char *data, size_t len, unsigned id, struct head *out)
{
	struct found record;

	while (record_at(data, len, &record) && record.id == id && record.type == RECORD_STDIN &&
	       !out->ended) {
		size_t room = len - sizeof(struct record);

		out->body += room < record.len ? room : record.len;
		out->ended = record.len == 0;
		if (record.whole > len)
			return true;
		data += record.whole;
		len -= record.whole;
	}
	return !record_at(data, len, &record) || record.id != id ||
	       record.type != RECORD_ABORT_REQUEST;
}

/*
 * Examines a head. Moves its parameters to the start of data and removes the record headers between
 * them.
 */
static enum head_state head_read(unsigned char *data, size_t len, struct head *out)
{
	size_t params_len = 0, at = 0;
	unsigned id = 0; /* the request's id, from the first record */
	struct found record;

	*out = (struct head){.nul = false};
	while (record_at(data + at, len - at, &record)) {
		const unsigned char *content = data + at + sizeof(struct record);

		if (record.type >= RECORD_MANAGEMENT)
			return HEAD_LARGE;
		if (id == 0)
			id = record.id;
		if (record.id != id || record.type == RECORD_ABORT_REQUEST)
			return HEAD_BROKEN;
		if (record.whole > len - at)
			break;
		at += record.whole;
		if (record.type != RECORD_PARAMS)
			continue;
		if (record.len == 0) { /* an empty record ends the parameters */
			return body_read(data + at, len - at, id, out) &&
				       params_read(data, params_len, out) == HEAD_WHOLE
				   ? HEAD_WHOLE
				   : HEAD_BROKEN;
		}
		memmove(data + params_len, content, record.len);
		params_len += record.len;
	}
	return params_read(data, params_len, out) == HEAD_BROKEN ? HEAD_BROKEN : HEAD_PARTIAL;
}

/* ---- a head in the socket ---- */

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
	secret_wipe(data, *come); /* wipe it, because it can contain cookies */
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
 * Examines the socket repeatedly, with growing pauses. poll alone is not enough, because the bytes
 * stay in the socket: after the first byte, poll returns at once. epoll needs a descriptor, and
 * there might be no free descriptor.
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

bool head_is_aborted(int fd, unsigned id)
{
	unsigned char data[ABORT_LOOK];
	struct found record = {.type = RECORD_STDIN, .id = id};
	ssize_t come = recv(fd, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT);

	for (size_t at = 0; come > 0 && (record.type == RECORD_STDIN || record.id != id);
	     at += record.whole) {
		if (at > (size_t)come || !record_at(data + at, (size_t)come - at, &record))
			break;
	}
	secret_wipe(data, sizeof(data));
	return record.type == RECORD_ABORT_REQUEST && record.id == id;
}

/* ---- an answer ---- */

/*
 * The records that end the output and the request. All-zero status bytes mean "status 0, request
 * complete".
 */
struct ending {
	struct record output;
	struct record request;
	unsigned char status[8];
};

static struct record record_of(enum record_type type, int id, size_t len)
{
	return (struct record){
	    .version = RECORD_VERSION,
	    .type = (unsigned char)type,
	    .id = {(unsigned char)(id >> 8),  (unsigned char)id },
	    .len = {(unsigned char)(len >> 8), (unsigned char)len},
	};
}

/*
 * Call this after `put` bytes were sent. Returns the pieces that are not sent yet, and sets *count
 * to their number. If a piece was sent in part, shortens it to its unsent bytes.
 */
static struct iovec *pieces_sent(struct iovec *pieces, int *count, size_t put)
{
	for (; *count > 0 && put >= pieces->iov_len; (*count)--)
		put -= (pieces++)->iov_len;
	if (*count > 0) {
		pieces->iov_base = (char *)pieces->iov_base + put;
		pieces->iov_len -= put;
	}
	return pieces;
}

bool pieces_write(int fd, struct iovec *pieces, int count)
{
	while (count > 0) {
		ssize_t put = writev(fd, pieces, count);

		if (put < 0 && errno != EINTR)
			return false;
		if (put >= 0)
			pieces = pieces_sent(pieces, &count, (size_t)put);
	}
	return true;
}

/* The web server at the end of a connection, which must have read the answer before deadline_ms. */
struct reader {
	int fd;
	struct server *server;
	int64_t deadline_ms;
};

/*
 * Waits until the socket is ready for more bytes. Returns false if the web server does not read in
 * time.
 */
static bool reader_await(const struct reader *reader)
{
	struct pollfd poll_fd = {.fd = reader->fd, .events = POLLOUT};
	long left_ms = (long)clock_left_ms(reader->deadline_ms);
	bool waits = peer_wait_begin(reader->server);
	long most_ms = waits ? STILL_MS : PEER_GRACE_MS;

	int rc = poll(&poll_fd, 1, (int)(left_ms < most_ms ? left_ms : most_ms));
	bool interrupted = rc < 0 && errno == EINTR;
	if (waits)
		peer_wait_end(reader->server);
	return rc > 0 || interrupted;
}

/*
 * Like pieces_write, but for a socket with a deadline. Other requests are served while it waits for
 * the web server.
 */
static bool pieces_send(const struct reader *reader, struct iovec *pieces, int count)
{
	while (count > 0) {
		struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
		ssize_t put = sendmsg(reader->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put >= 0)
			pieces = pieces_sent(pieces, &count, (size_t)put);
		else if (errno != EINTR && (errno != EAGAIN || !reader_await(reader)))
			return false;
	}
	return true;
}

/* Cuts off and returns the next part of *from, at most room bytes. */
static struct iovec take(struct iovec *from, size_t room)
{
	struct iovec taken = *from;

	if (taken.iov_len > room)
		taken.iov_len = room;
	if (taken.iov_len > 0) /* an empty part can have a NULL iov_base */
		from->iov_base = (char *)from->iov_base + taken.iov_len;
	from->iov_len -= taken.iov_len;
	return taken;
}

bool records_write(int fd, int id, const struct answer *answer, bool ends, struct server *server)
{
	const struct reader reader = {
	    .fd = fd, .server = server, .deadline_ms = clock_monotonic_ms() + ANSWER_MS};
	struct ending ending = {
	    .output = record_of(RECORD_STDOUT, id, 0),
	    .request = record_of(RECORD_END_REQUEST, id, sizeof(ending.status)),
	};
	struct answer left = *answer;
	bool written, last;

	do {
		struct iovec head = take(&left.head, RECORD_MAX);
		struct iovec body = take(&left.body, RECORD_MAX - head.iov_len);
		size_t len = head.iov_len + body.iov_len;
		struct record record = record_of(RECORD_STDOUT, id, len);

		last = left.head.iov_len + left.body.iov_len == 0;
		struct iovec pieces[] = {
  /* do not send an empty record, because it would end the output */
		    {&record, len > 0 ? sizeof(record) : 0     },
		    head,
		    body,
		    {&ending, ends && last ? sizeof(ending) : 0},
		};
		written = pieces_send(&reader, pieces, 4);
	} while (written && !last);
	return written;
}
