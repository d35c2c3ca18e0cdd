/*
 * Serves one FastCGI request on a connection. Only this file calls libfcgi. This program accepts
 * the connections itself, because libfcgi's accept loop cannot be stopped. This program also closes
 * the connections itself, because libfcgi would wait up to 2 s for a slow peer and block a thread.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/strbuf.h"
#include "base/blocking.h"
#include "serve/server_parts.h"

#define FCGI_ROLE_RESPONDER 1
/* in bytes; the limit for reading the rest of a body before it is cut off */
#define DRAIN_MAX     (1024 * 1024)
#define DRAIN_MS      2000 /* time limit for reading the rest of a body, in ms */
#define TRASH_SIZE    1024 /* buffer for the rest of a body; usually no rest is left */
#define RECEIVE_S     5    /* time limit for a read by libfcgi; a web server sends without delay */
#define HEAD_MS       5000 /* how long to wait for a head; a web server sends it at once */
#define HEAD_GRACE_MS 1000 /* how long to wait for a head if too many requests already wait */
#define MOMENT_MS     2    /* a web server usually sends within this time after it connects */
#define REFUSE_MS     1000 /* how long to wait for a request that will be refused */
#define LINGER_MS     100  /* how long to discard what a peer sends after the answer */

/*
 * Environment variables that limit how long libfcgi waits when it closes a connection. libfcgi's
 * default is 2000 ms.
 */
static const char *const libfcgi_waits[] = {
    "LIBFCGI_OS_CLOSE_POLL_TIMEOUT",
    "LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT",
};
#define LIBFCGI_WAIT_MS "100"

/* A request and its connection. */
struct fcgi_request {
	struct server *server;
	int fd;
	FCGX_Request lib; /* libfcgi's request; valid after fcgi_begin has returned true */
	struct head head; /* what fcgi_begin found in the socket */
	size_t read;      /* bytes of the body that were read */
	int64_t deadline_ms;
};

/*
 * Waits for bytes without blocking_begin. So the thread counts as busy, and no other thread starts
 * in its place.
 */
static bool is_readable_soon(int fd, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, ms) > 0;
}

/*
 * Like FCGX_GetStr, but other requests are served while it waits for bytes. A read does not count
 * as a wait if its next byte is in libfcgi's stream, or was in the socket when the request began.
 * Other bytes in libfcgi's buffer cannot be seen from here. A body without CONTENT_LENGTH counts as
 * a wait, too, because its end can be late.
 */
static int fcgi_get(const struct fcgi_request *req, void *buffer, int want)
{
	FCGX_Stream *in = req->lib.in;
	bool has_come = req->head.ended || req->read < req->head.body;
	int got;

	if (has_come || in->stop > in->rdNext)
		return FCGX_GetStr(buffer, want, in);
	if (!peer_wait_begin(req->server)) {
		errno = EBUSY;
		return is_readable_soon(req->fd, PEER_GRACE_MS) ? FCGX_GetStr(buffer, want, in)
								: -1;
	}
	errno = 0;
	got = FCGX_GetStr(buffer, want, in);
	peer_wait_end(req->server);
	return got;
}

/*
 * Reads the bytes that have already arrived, or waits for one byte if no byte has arrived. libfcgi
 * would wait for all the bytes that it is asked for. A visitor who sends slowly could then occupy a
 * thread.
 */
static ssize_t fcgi_read(void *io, void *buffer, size_t size)
{
	struct fcgi_request *req = io;
	FCGX_Stream *in = req->lib.in;
	ptrdiff_t ready = in->stop - in->rdNext;
	int want = ready > 1 ? (int)ready : 1;
	int got;

	if (clock_left_ms(req->deadline_ms) == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (size < (size_t)want)
		want = (int)size;
	got = fcgi_get(req, buffer, want);
	req->read += got > 0 ? (size_t)got : 0;
	return got < want && FCGX_GetError(in) != 0 ? -1 : got;
}

/*
 * Reads and discards the part of the body that the handler did not read. Returns false if the
 * limits are reached before the end, or if the body is incomplete.
 */
static bool fcgi_drain(struct fcgi_request *req)
{
	char trash[TRASH_SIZE];
	size_t total = 0;

	req->deadline_ms = clock_monotonic_ms() + DRAIN_MS;
	while (total < DRAIN_MAX) {
		ssize_t got = fcgi_read(req, trash, sizeof(trash));

		if (got <= 0)
			return got == 0;
		total += (size_t)got;
	}
	return false;
}

/*
 * Reads and discards the bytes that the peer still sends. If a socket is closed with unread bytes
 * in it, the peer can lose our answer.
 */
static void linger(int fd, int ms)
{
	int64_t deadline = clock_monotonic_ms() + ms;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char trash[TRASH_SIZE];

	if (shutdown(fd, SHUT_WR) != 0)
		return;
	while (poll(&poll_fd, 1, (int)clock_left_ms(deadline)) > 0 &&
	       recv(fd, trash, sizeof(trash), MSG_DONTWAIT) > 0)
		;
}

static void linger_waiting(const struct fcgi_request *req)
{
	bool waits = peer_wait_begin(req->server);

	linger(req->fd, waits ? LINGER_MS : PEER_GRACE_MS);
	if (waits)
		peer_wait_end(req->server);
}

/*
 * Sends the answer and the end of the request in one write, so that the web server gets all of it.
 * Then reads the rest of the body for a while, because mod_proxy_fcgi and nginx lose the answer if
 * the connection is closed with unread bytes. Calls FCGX_Free instead of FCGX_Finish, because
 * FCGX_Finish would wait once more when it closes the connection.
 */
static void fcgi_end(struct fcgi_request *req, const struct answer *answer)
{
	bool sent = records_write(req->fd, req->lib.requestId, answer, true, req->server);
	bool drained = fcgi_drain(req);

	if (!sent)
		log_event(LOG_LEVEL_INFO, "response_lost", "why",
			  "the web server did not accept the answer", NULL);
	FCGX_Free(&req->lib, 0);
	if (!drained)
		linger_waiting(req);
	close(req->fd);
}

static void fcgi_answer(struct fcgi_request *req)
{
	const struct server *server = req->server;
	int64_t now_ms = clock_monotonic_ms();
	struct raw_request raw = {
	    .params = req->lib.envp,
	    .read = fcgi_read,
	    .io = req,
	    .began_ms = now_ms,
	};
	struct answer answer = {.head.iov_len = 0};
	struct response response;
	struct strbuf head;

	req->deadline_ms = now_ms + REQUEST_MS;
	blocking_waiter_request((unsigned)req->lib.requestId);
	response_init(&response);
	strbuf_init_secret(&head); /* the head contains cookies */
	if (req->lib.role == FCGI_ROLE_RESPONDER) {
		server->app->handle(server->state, &raw, &response);
		response_write(&response, &head, &answer.body);
	}
	if (!strbuf_ok(&head)) {
		log_event(LOG_LEVEL_ERROR, "response_lost", "why", "out of memory", NULL);
		answer.body.iov_len = 0;
	} else {
		answer.head = (struct iovec){.iov_base = head.data, .iov_len = head.len};
	}
	fcgi_end(req, &answer);
	strbuf_clear(&head);
	response_clear(&response);
}

/*
 * Sets the time limit for libfcgi's reads, which otherwise have no limit. Omits setsockopt if the
 * whole request has arrived, because libfcgi then never waits.
 */
static bool reads_limit(const struct fcgi_request *req)
{
	const struct timeval limit = {.tv_sec = RECEIVE_S};

	return req->head.ended ||
	       setsockopt(req->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0;
}

/*
 * Lets libfcgi read the request's parameters. If the request is malformed or the time limit cannot
 * be set, returns false, and the connection is closed.
 */
static bool fcgi_accept(struct fcgi_request *req)
{
	FCGX_Request *lib = &req->lib;

	if (!reads_limit(req) || FCGX_InitRequest(lib, -1, 0) != 0) {
		close(req->fd);
		return false;
	}
	lib->ipcFd = req->fd;
	lib->keepConnection = 1; /* otherwise FCGX_Accept_r closes the connection first */
	FCGX_Detach(lib);        /* a failed FCGX_Accept_r would otherwise wait */
	return FCGX_Accept_r(lib) == 0;
}

/*
 * Waits for the head of a request. Web servers send the head right after they connect. So this
 * thread first waits up to MOMENT_MS without blocking_begin, because starting another thread would
 * take longer. After that, other requests are served during the wait. If too many requests already
 * wait, this thread waits without blocking_begin, up to HEAD_GRACE_MS. A visitor cannot delay the
 * head, because web servers send it in one piece.
 */
static enum head_state head_await_waiting(int fd, struct head *out)
{
	enum head_state state = is_readable_soon(fd, MOMENT_MS) ? head_look(fd, out) : HEAD_PARTIAL;

	if (state != HEAD_PARTIAL)
		return state;
	bool waits = blocking_begin();
	state = head_await(fd, waits ? HEAD_MS : HEAD_GRACE_MS, out);
	if (waits)
		blocking_end();
	return state;
}

/*
 * Reads the start of a request. Returns false and closes the connection if no valid head comes in
 * time. Some peers send no request, because they only test whether we listen. Also returns false if
 * libfcgi might block (HEAD_LARGE) and too many requests wait already.
 */
static bool fcgi_begin(struct fcgi_request *req)
{
	enum head_state state = head_look(req->fd, &req->head);
	bool begun, waits;

	if (state == HEAD_PARTIAL)
		state = head_await_waiting(req->fd, &req->head);
	waits = state == HEAD_LARGE && blocking_begin();
	if (state == HEAD_BROKEN || (state == HEAD_LARGE && !waits)) {
		linger(req->fd, 0);
		close(req->fd);
		return false;
	}
	begun = fcgi_accept(req);
	if (waits)
		blocking_end();
	return begun;
}

static const char has_nul[] = "Status: 400 Bad Request\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Cache-Control: no-store\r\n"
			      "\r\n"
			      "The request contains a NUL.\n";
static const char too_large[] = "Status: 431 Request Header Fields Too Large\r\n"
				"Content-Type: text/plain; charset=utf-8\r\n"
				"Cache-Control: no-store\r\n"
				"\r\n"
				"The request has too many headers, or too long ones.\n";
static const char busy[] =
    "Status: 503 Service Unavailable\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "Retry-After: " TEXT_OF(
	BLOCKING_RETRY_S) "\r\n"
			  "\r\n"
			  "Too many visitors at once. Please come again in a moment.\n";

/* Makes a fixed answer. `text`, which is borrowed, has the header, an empty line and a sentence. */
static struct answer answer_of(const char *text)
{
	return (struct answer){
	    .head = {.iov_base = (char *)text, .iov_len = strlen(text)}
        };
}

/*
 * Serves one request and closes the connection, even if the web server sets FCGI_KEEP_CONN. A
 * connection that stays open would occupy a thread that other visitors need.
 */
void fcgi_serve(struct server *server, int fd)
{
	struct fcgi_request req = {.server = server, .fd = fd};
	struct answer refused;

	if (!fcgi_begin(&req))
		return;
	refused = answer_of(req.head.large ? too_large : has_nul);
	if (req.head.large || req.head.nul)
		fcgi_end(&req, &refused);
	else
		fcgi_answer(&req);
}

/*
 * Sends a fixed answer. The server calls this if fd took the last free descriptor. Waits only
 * briefly for a slow peer, because no thread accepts connections meanwhile.
 */
void fcgi_refuse(struct server *server, int fd)
{
	const struct answer refused = answer_of(busy);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	unsigned char begin[8];

	(void)server;
	metrics_add(METRIC_REFUSED_NO_DESCRIPTOR);
	if (poll(&poll_fd, 1, REFUSE_MS) > 0 &&
	    recv(fd, begin, sizeof(begin), MSG_PEEK | MSG_DONTWAIT) == sizeof(begin) &&
	    records_write(fd, begin[2] << 8 | begin[3], &refused, true, NULL))
		linger(fd, LINGER_MS);
	close(fd);
}

enum status fcgi_start(struct error *err)
{
	for (size_t i = 0; i < sizeof(libfcgi_waits) / sizeof(libfcgi_waits[0]); i++) {
		if (setenv(libfcgi_waits[i], LIBFCGI_WAIT_MS, 1) != 0)
			return error_no_memory(err);
	}
	if (FCGX_Init() != 0)
		return error_set(err, STATUS_INTERNAL, "libfcgi does not start");
	signal(SIGPIPE, SIG_IGN); /* FCGX_Init has replaced the handler */
	return STATUS_OK;
}
