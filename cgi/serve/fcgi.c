/*
 * Gives the three modes one interface: plain CGI, FastCGI on an inherited socket, and FastCGI on
 * our own. Only this file uses libfcgi, which receives connections that are already accepted. Its
 * own accept loop cannot be stopped, and its own close waits up to 2 s for a slow peer, which would
 * hold a thread.
 */
#include "serve/server.h"

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
#include "base/wait.h"
#include "serve/server_parts.h"

#define FCGI_ROLE_RESPONDER 1
/* of a body that was not read; a longer one is cut off */
#define DRAIN_MAX     (1024 * 1024)
#define DRAIN_MS      2000 /* … and so is one that takes longer */
#define TRASH_SIZE    1024 /* for unread data, read in steps; as a rule there is none */
#define HEAD_MS       5000 /* a web server sends a head at once */
#define HEAD_GRACE_MS 1000 /* … where too many others are waited for already */
#define MOMENT_MS     2    /* between its connect and its first write */
#define GRACE_MS      20   /* for the rest, where too many senders are waited for already */
#define REFUSE_MS     1000 /* for a request that will be refused in any case */
#define LINGER_MS     100  /* for a peer that still sends after we are done */

/* How long libfcgi may wait when it closes a connection itself. Its default is 2000 ms. */
static const char *const libfcgi_waits[] = {
    "LIBFCGI_OS_CLOSE_POLL_TIMEOUT",
    "LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT",
};
#define LIBFCGI_WAIT_MS "100"

/* What a process's threads share for its life. */
struct service {
	const struct server_conf *conf;
	const struct server_app *app;
	const struct listener *listener;
	const struct peers *peers;
	struct notify notify;
	struct process_link *link;
	void *state; /* the app's, between start and stop */
};

bool server_is_cgi(void)
{
	return (getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD")) &&
	       !socket_is_listening(STDIN_FILENO);
}

enum status server_mode_detect(const struct server_conf *conf, enum server_mode *out,
			       struct error *err)
{
	if (server_is_cgi())
		*out = SERVER_CGI;
	else if (socket_is_listening(STDIN_FILENO))
		*out = SERVER_FCGI_STDIN;
	else if (activation_given() || *conf->listen)
		*out = SERVER_FCGI_SOCKET;
	else
		return error_set(
		    err, STATUS_INTERNAL,
		    "nothing to serve: no web server started this program as CGI or FastCGI, "
		    "systemd handed no socket over, and listen in [server] is empty");
	return STATUS_OK;
}

/* ---- what a request waits for ---- */

/* The web server's connection, and the threads that one request shares. */
struct visitor {
	struct pool *pool;
	int fd;
};

static bool visitor_wait_begin(void *arg)
{
	const struct visitor *visitor = arg;

	return pool_wait_begin(visitor->pool);
}

static void visitor_wait_end(void *arg)
{
	const struct visitor *visitor = arg;

	pool_wait_end(visitor->pool);
}

/* A web server that abandons a request closes its connection. */
static bool visitor_left(void *arg)
{
	const struct visitor *visitor = arg;
	struct pollfd fd = {.fd = visitor->fd};

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR)) != 0;
}

/* ---- FastCGI ---- */

struct fcgi_body {
	FCGX_Stream *in;
	int fd;
	struct pool *pool;
	int64_t deadline_ms;
	struct head head; /* what had come when the request was begun */
	size_t read;
};

/*
 * Around a wait for the peer's next bytes: other requests are served meanwhile. False: too many
 * senders are waited for already.
 */
static bool sender_wait_begin(struct pool *pool)
{
	if (!pool_body_begin(pool))
		return false;
	if (wait_begin())
		return true;
	pool_body_end(pool);
	return false;
}

static void sender_wait_end(struct pool *pool)
{
	wait_end();
	pool_body_end(pool);
}

/* This thread waits and serves nobody else. */
static bool is_readable_soon(int fd, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, ms) > 0;
}

/*
 * As FCGX_GetStr. Other requests are served while it waits for more bytes. Only libfcgi knows
 * whether the next byte is in its buffer. So it counts as a wait unless the byte was in the socket
 * when the request began. A body may have no CONTENT_LENGTH, and the end of an empty body may be
 * late too.
 */
static int fcgi_get(const struct fcgi_body *body, void *buffer, int want)
{
	bool has_come = body->head.ended || body->read < body->head.body;
	int got;

	if (has_come || body->in->stop > body->in->rdNext)
		return FCGX_GetStr(buffer, want, body->in);
	if (!sender_wait_begin(body->pool)) {
		errno = EBUSY;
		return is_readable_soon(body->fd, GRACE_MS) ? FCGX_GetStr(buffer, want, body->in)
							    : -1;
	}
	errno = 0;
	got = FCGX_GetStr(buffer, want, body->in);
	sender_wait_end(body->pool);
	return got;
}

/*
 * Reads what has come, or the next byte. If asked for more, libfcgi would wait as long as a byte
 * comes now and then, so a slow visitor could keep a thread.
 */
static ssize_t fcgi_read(void *io, void *buffer, size_t size)
{
	struct fcgi_body *body = io;
	ptrdiff_t ready = body->in->stop - body->in->rdNext;
	int want = ready > 1 ? (int)ready : 1;
	int got;

	if (clock_left_ms(body->deadline_ms) == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (size < (size_t)want)
		want = (int)size;
	got = fcgi_get(body, buffer, want);
	body->read += got > 0 ? (size_t)got : 0;
	return got < want && FCGX_GetError(body->in) != 0 ? -1 : got;
}

/* Reads what the handler left of the body. False: there is more, or it broke off. */
static bool fcgi_drain(struct fcgi_body *body)
{
	char trash[TRASH_SIZE];
	size_t total = 0;

	body->deadline_ms = clock_monotonic_ms() + DRAIN_MS;
	while (total < DRAIN_MAX) {
		ssize_t got = fcgi_read(body, trash, sizeof(trash));

		if (got <= 0)
			return got == 0;
		total += (size_t)got;
	}
	return false;
}

/*
 * If a socket is closed with unread bytes in it, the peer may lose our answer. So those are read
 * first.
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

static void linger_waiting(const struct fcgi_body *body)
{
	bool waits = sender_wait_begin(body->pool);

	linger(body->fd, waits ? LINGER_MS : GRACE_MS);
	if (waits)
		sender_wait_end(body->pool);
}

/*
 * The answer and its end are sent first, in one write. The web server then has what its client
 * gets. If the connection is closed while a part of the body is unread, clients of mod_proxy_fcgi
 * and nginx lose the answer. So the rest is read for a while. It calls Free and not Finish, because
 * Finish closes with a wait of its own.
 */
static void fcgi_end(FCGX_Request *request, struct fcgi_body *body, const struct answer *answer)
{
	bool sent = records_write(body->fd, request->requestId, answer, true);
	bool drained = fcgi_drain(body);

	if (!sent)
		log_event(LOG_LEVEL_INFO, "response_lost", "why", "the web server went away", NULL);
	FCGX_Free(request, 0);
	if (!drained)
		linger_waiting(body);
	close(body->fd);
}

static void fcgi_answer(const struct service *service, FCGX_Request *request,
			struct fcgi_body *body)
{
	int64_t now_ms = clock_monotonic_ms();
	struct gateway gateway = {
	    .params = request->envp,
	    .read = fcgi_read,
	    .io = body,
	    .began_ms = now_ms,
	};
	struct answer answer = {.head.iov_len = 0};
	struct response response;
	struct strbuf head;

	body->deadline_ms = now_ms + REQUEST_MS;
	response_init(&response);
	strbuf_init_secret(&head); /* cookies are in it */
	if (request->role == FCGI_ROLE_RESPONDER) {
		service->app->handle(service->state, &gateway, &response);
		response_write(&response, &head, &answer.body);
	}
	if (!strbuf_ok(&head)) {
		log_event(LOG_LEVEL_ERROR, "response_lost", "why", "out of memory", NULL);
		answer.body.iov_len = 0;
	} else {
		answer.head = (struct iovec){.iov_base = head.data, .iov_len = head.len};
	}
	fcgi_end(request, body, &answer);
	strbuf_clear(&head);
	response_clear(&response);
}

/* False: the request is malformed; the connection is closed. A failed Accept closes it too. */
static bool fcgi_accept(FCGX_Request *request, int fd)
{
	if (FCGX_InitRequest(request, -1, 0) != 0) {
		close(fd);
		return false;
	}
	request->ipcFd = fd;
	request->keepConnection = 1; /* else Accept would first close it */
	FCGX_Detach(request);        /* a failed Accept closes without a wait */
	return FCGX_Accept_r(request) == 0;
}

/*
 * A web server writes right after it connects. Starting another thread for that moment would cost
 * more than the wait. After it, others are served. If too many requests wait already, this thread
 * waits all the same: a visitor cannot delay a head, because web servers send it whole.
 */
static enum head_state head_await_waiting(int fd, struct head *out)
{
	enum head_state state = is_readable_soon(fd, MOMENT_MS) ? head_look(fd, out) : HEAD_PARTIAL;

	if (state != HEAD_PARTIAL)
		return state;
	bool waits = wait_begin();
	state = head_await(fd, waits ? HEAD_MS : HEAD_GRACE_MS, out);
	if (waits)
		wait_end();
	return state;
}

/*
 * False: the peer only probed for us, the request is malformed, or its head did not come in time;
 * the connection is closed.
 */
static bool fcgi_begin(FCGX_Request *request, struct fcgi_body *body)
{
	enum head_state state = head_look(body->fd, &body->head);
	bool begun, waits;

	if (state == HEAD_PARTIAL)
		state = head_await_waiting(body->fd, &body->head);
	waits = state == HEAD_LARGE && wait_begin();
	if (state == HEAD_BROKEN || (state == HEAD_LARGE && !waits)) {
		linger(body->fd, 0);
		close(body->fd);
		return false;
	}
	begun = fcgi_accept(request, body->fd);
	if (waits)
		wait_end();
	return begun;
}

static const char has_nul[] = "Status: 400 Bad Request\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Cache-Control: no-store\r\n"
			      "\r\n"
			      "The request holds a NUL.\n";
static const char too_large[] = "Status: 431 Request Header Fields Too Large\r\n"
				"Content-Type: text/plain; charset=utf-8\r\n"
				"Cache-Control: no-store\r\n"
				"\r\n"
				"The request has too many headers, or too long ones.\n";
static const char busy[] = "Status: 503 Service Unavailable\r\n"
			   "Content-Type: text/plain; charset=utf-8\r\n"
			   "Cache-Control: no-store\r\n"
			   "Retry-After: 1\r\n"
			   "\r\n"
			   "Too many visitors at once. Please come again in a moment.\n";

/* An answer without a handler: a header and a sentence. */
static struct answer answer_of(const char *text)
{
	return (struct answer){
	    .head = {.iov_base = (char *)text, .iov_len = strlen(text)}
        };
}

/*
 * Serves one request per connection. A kept connection would hold a thread that other visitors
 * need.
 */
static void fcgi_serve(void *arg, int fd, struct pool *pool)
{
	const struct service *service = arg;
	struct answer refused;
	struct visitor visitor = {.pool = pool, .fd = fd};
	struct waiter waiter = {.begin = visitor_wait_begin,
				.end = visitor_wait_end,
				.left = visitor_left,
				.arg = &visitor};
	struct fcgi_body body = {.fd = fd, .pool = pool};
	FCGX_Request request;

	waiter_set(&waiter);
	if (fcgi_begin(&request, &body)) {
		body.in = request.in;
		refused = answer_of(body.head.large ? too_large : has_nul);
		if (body.head.large || body.head.nul)
			fcgi_end(&request, &body, &refused);
		else
			fcgi_answer(service, &request, &body);
	}
	waiter_set(NULL);
}

/*
 * All is full: sends a fixed answer, which costs nothing. The other threads wait for this one to
 * accept, so it does not wait long for a slow peer.
 */
static void fcgi_refuse(void *arg, int fd)
{
	const struct answer refused = answer_of(busy);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	unsigned char begin[8];

	(void)arg;
	if (poll(&poll_fd, 1, REFUSE_MS) > 0 &&
	    recv(fd, begin, sizeof(begin), MSG_PEEK | MSG_DONTWAIT) == sizeof(begin) &&
	    records_write(fd, begin[2] << 8 | begin[3], &refused, true))
		linger(fd, LINGER_MS);
	close(fd);
}

static enum status fcgi_start(struct error *err)
{
	for (size_t i = 0; i < sizeof(libfcgi_waits) / sizeof(libfcgi_waits[0]); i++) {
		if (setenv(libfcgi_waits[i], LIBFCGI_WAIT_MS, 1) != 0)
			return error_no_memory(err);
	}
	if (FCGX_Init() != 0)
		return error_set(err, STATUS_INTERNAL, "libfcgi does not start");
	signal(SIGPIPE, SIG_IGN); /* FCGX_Init has set a handler of its own */
	return STATUS_OK;
}

static void fcgi_reload(void *arg)
{
	struct service *service = arg;
	unsigned number = process_reload_wanted(service->link);

	process_reloaded(service->link, number, service->app->reload(service->state));
}

static void fcgi_reopen(void *arg)
{
	struct service *service = arg;

	service->app->reopen(service->app->arg);
}

static enum status fcgi_trial(void *arg, struct error *err)
{
	struct service *service = arg;
	void *state = NULL;

	enum status status = service->app->renew(service->app->arg, err);
	if (status == STATUS_OK)
		status = service->app->start(service->app->arg, &state, err);
	if (status == STATUS_OK)
		service->app->stop(state);
	return status;
}

static enum status fcgi_renew(void *arg, struct error *err)
{
	struct service *service = arg;

	return service->app->renew(service->app->arg, err);
}

/* Runs one process, from the app's start to its end. */
static enum status serve(void *arg, struct process_link *link, struct error *err)
{
	struct service *service = arg;
	struct pool_task task = {
	    .listener = service->listener,
	    .peers = service->peers,
	    .threads = (size_t)service->conf->threads,
	    .waiting_max = (size_t)service->conf->waiting_max,
	    .serve = fcgi_serve,
	    .refuse = fcgi_refuse,
	    .reload = fcgi_reload,
	    .reopen = fcgi_reopen,
	    .notify = &service->notify,
	    .arg = service,
	};
	enum status status = fcgi_start(err);

	service->link = link;
	limits_set(service->conf);

	if (status == STATUS_OK)
		status = service->app->start(service->app->arg, &service->state, err);
	if (status != STATUS_OK)
		return status;
	process_ready(link);
	status = pool_serve(&task, err);
	if (status != STATUS_BUSY) /* threads that still work need the app */
		service->app->stop(service->state);
	return status;
}

static enum status run_inherited(struct service *service, struct error *err)
{
	struct listener listener;
	struct process_link alone = {.ready = -1};
	enum status status = listener_inherit(service->conf, STDIN_FILENO, &listener, err);

	if (status != STATUS_OK)
		return status;
	service->listener = &listener;
	return serve(service, &alone, err);
}

/* Takes systemd's socket if there is one: it goes on listening while the program restarts. */
static enum status socket_get(const struct server_conf *conf, uid_t owner, struct listener *out,
			      struct error *err)
{
	enum status status;
	int fd = -1;

	if (!activation_given())
		return listener_open(conf, owner, out, err);
	status = activation_take(&fd, err);
	return status == STATUS_OK ? listener_inherit(conf, fd, out, err) : status;
}

static enum status run_processes(struct service *service, struct error *err)
{
	struct process_task task = {
	    .serve = serve,
	    .trial = fcgi_trial,
	    .renew = fcgi_renew,
	    .reopen = fcgi_reopen,
	    .notify = &service->notify,
	    .arg = service,
	    .processes = (size_t)service->conf->processes,
	};
	struct process_link alone = {.ready = -1};
	enum status status;

	if (task.processes == 1)
		return serve(service, &alone, err);
	status = service->app->prepare(service->app->arg, err);
	return status == STATUS_OK ? processes_run(&task, err) : status;
}

static enum status run_socket(struct service *service, struct error *err)
{
	struct account account;
	struct listener listener;
	enum status status = account_find(service->conf, &account, err);

	if (status == STATUS_OK)
		status = socket_get(service->conf, account.uid, &listener, err);
	if (status != STATUS_OK)
		return status;
	service->listener = &listener;
	status = account_take(&account, err);
	if (status == STATUS_OK)
		status = run_processes(service, err);
	listener_close(&listener);
	return status;
}

static enum status run_fcgi(const struct server_conf *conf, enum server_mode mode,
			    const struct server_app *app, struct error *err)
{
	struct peers peers;
	/* not on the stack, because threads that did not end in time still use it */
	struct service *service = calloc(1, sizeof(*service));
	sigset_t old;
	enum status status;

	if (!service)
		return error_no_memory(err);
	*service = (struct service){.conf = conf, .app = app, .peers = &peers};
	service->notify.fd = -1;
	/* in the other modes systemd knows the web server's service, not ours */
	if (mode == SERVER_FCGI_SOCKET)
		notify_open(&service->notify);
	status = peers_find(conf, &peers, err);
	if (status == STATUS_OK)
		status = signals_block(&old, err);
	if (status == STATUS_OK) {
		status = mode == SERVER_FCGI_STDIN ? run_inherited(service, err)
						   : run_socket(service, err);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (status != STATUS_BUSY) {
		notify_close(&service->notify);
		free(service);
	}
	return status;
}

enum status server_run(const struct server_conf *conf, enum server_mode mode,
		       const struct server_app *app, struct error *err)
{
	signal(SIGPIPE, SIG_IGN);
	return mode == SERVER_CGI ? cgi_run(app, err) : run_fcgi(conf, mode, app, err);
}
