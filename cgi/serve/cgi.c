/*
 * Plain CGI: reads one request from the environment and standard input, and writes the answer to
 * standard output.
 */
#include "serve/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/server_parts.h"

#define DRAIN_MAX (1024 * 1024) /* in bytes; the limit for reading the rest of a body */
#define DRAIN_MS  5000          /* in ms; the time limit for reading the rest of a body */

struct cgi_body {
	/*
	 * True if CONTENT_LENGTH is set. No more bytes are then read, because the web server might
	 * leave the pipe open after the body.
	 */
	bool known;
	size_t left;
	int64_t deadline_ms;
};

static ssize_t cgi_read(void *io, void *buffer, size_t size)
{
	struct cgi_body *body = io;
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t got;
	int ready;

	if (body->known && size > body->left)
		size = body->left;
	if (size == 0)
		return 0;
	do
		ready = poll(&fd, 1, (int)clock_left_ms(body->deadline_ms));
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return -1;
	do
		got = read(STDIN_FILENO, buffer, size);
	while (got < 0 && errno == EINTR);
	if (got > 0 && body->known)
		body->left -= (size_t)got;
	return got;
}

/*
 * Reads and discards the part of the body that the handler did not read. With mod_cgid, stdin and
 * stdout are the same socket. If this socket is closed with unread bytes in it, the socket is reset
 * and the answer is lost.
 */
static void cgi_drain(struct cgi_body *body)
{
	char trash[8192];
	size_t total = 0;
	ssize_t got = 1;

	body->deadline_ms = clock_monotonic_ms() + DRAIN_MS;
	while (body->known && total < DRAIN_MAX && got > 0) {
		got = cgi_read(body, trash, sizeof(trash));
		total += got > 0 ? (size_t)got : 0;
	}
}

static enum status cgi_send(const struct response *response, struct error *err)
{
	struct iovec pieces[2];
	struct strbuf head;
	enum status status = STATUS_OK;

	strbuf_init_secret(&head); /* the head contains cookies */
	response_write(response, &head, &pieces[1]);
	pieces[0] = (struct iovec){.iov_base = head.data, .iov_len = head.len};
	if (!strbuf_ok(&head))
		status = error_no_memory(err);
	else if (!pieces_write(STDOUT_FILENO, pieces, 2))
		status = error_set(err, STATUS_INTERNAL,
				   "the web server does not accept the answer: %m");
	strbuf_clear(&head);
	return status;
}

enum status cgi_run(const struct server_app *app, struct error *err)
{
	const char *length = getenv("CONTENT_LENGTH");
	int64_t now_ms = clock_monotonic_ms();
	struct cgi_body body = {.known = length != NULL && *length,
				.deadline_ms = now_ms + REQUEST_MS};
	struct raw_request raw = {
	    .params = environ, .read = cgi_read, .io = &body, .began_ms = now_ms};
	struct response response;
	void *state = NULL;
	enum status started, written;

	if (body.known)
		body.left = (size_t)strtoull(length, NULL, 10);
	response_init(&response);
	started = app->start(app->arg, &state, err);
	if (started == STATUS_OK)
		app->handle(state, &raw, &response);
	else /* send an answer to the visitor; the reason is only for the operator */
		app->handle_failed(err, &raw, &response);
	cgi_drain(&body);
	written = cgi_send(&response, started == STATUS_OK ? err : NULL);
	response_clear(&response);
	if (started == STATUS_OK)
		app->stop(state);
	return started == STATUS_OK ? written : started;
}
