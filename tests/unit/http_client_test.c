/*
 * net/http_client.c against a small server of the test's own on 127.0.0.1: each path has its own
 * way of answering, well or badly. What is measured in time is only that a deadline ends a call at
 * all.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "unit.h"

#include "base/clock.h"
#include "loopback.h"
#include "net/http_client.h"

#define REQUEST_MAX     8192
#define CONNECTIONS_MAX 64
#define TLS_HANDSHAKE   0x16 /* the first byte of a TLS connection */
#define AMPLE_MS        5000 /* a deadline that a working call never meets */
#define SHORT_MS        600  /* a deadline that is meant to pass */

/* ---- the server ---- */

struct server {
	int listener;
	int port;
	pthread_t acceptor;

	pthread_mutex_t lock; /* guards what follows */
	int connections[CONNECTIONS_MAX];
	pthread_t threads[CONNECTIONS_MAX];
	int n_connections;
	char request[REQUEST_MAX]; /* the last one, head and body */
};

struct connection {
	struct server *server;
	int fd;
};

static void send_text(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* True when the peer has closed; else after ms milliseconds. */
static bool peer_closes(int fd, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&poll_fd, 1, ms) > 0 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static void send_body_of(int fd, size_t len)
{
	char head[128];
	char *body = malloc(len + 1);

	assert_non_null(body);
	memset(body, 'x', len);
	body[len] = '\0';
	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", len);
	send_text(fd, head);
	send_text(fd, body);
	free(body);
}

static void send_chunks(int fd, int count)
{
	char chunk[1024 + 8];

	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "400\r\n", 5);
	memcpy(chunk + 5 + 1024, "\r\n", 3);
	send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < count; i++)
		send_text(fd, chunk);
}

static void drip(int fd)
{
	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	do
		send_text(fd, "x");
	while (!peer_closes(fd, 20));
}

static void hang(int fd)
{
	while (!peer_closes(fd, -1))
		;
}

/* Fixed answers; one that begins with '!' is followed by a close. */
static const struct {
	const char *path;
	const char *answer;
} fixed_answers[] = {
    {"/ok",           "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
	    "Content-Length: 2\r\n\r\n{}"					       },
    {"/chunked",      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"                              },
    {"/empty",        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"      },
    {"/until-close",  "!HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"                 },
    {"/continue",     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
    {"/unauthorized", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
		      "Content-Length: 14\r\n\r\nNot authorized"              },
    {"/gzip",         "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"   },
    {"/http09",       "!just some text\n"							  },
    {"/nothing",      "!"									  },
    {"/cut",          "!HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"                         },
    {"/bad-chunk",    "!HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"        },
    {"/claims-large", "!HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"                          },
    {"/claims-huge",  "!HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n"                        },
};

/* False: the connection ends. */
static bool answer(struct server *server, int fd, const char *path)
{
	char location[128];

	for (size_t i = 0; i < COUNT(fixed_answers); i++) {
		const char *text = fixed_answers[i].answer;

		if (strcmp(path, fixed_answers[i].path) != 0)
			continue;
		send_text(fd, text[0] == '!' ? text + 1 : text);
		return text[0] != '!';
	}
	if (strcmp(path, "/redirect") == 0) {
		snprintf(location, sizeof(location),
			 "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/ok\r\n"
			 "Content-Length: 0\r\n\r\n",
			 server->port);
		send_text(fd, location);
		return true;
	}
	if (strncmp(path, "/size/", 6) == 0) {
		send_body_of(fd, strtoul(path + 6, NULL, 10));
		return true;
	}
	if (strcmp(path, "/endless") == 0)
		send_chunks(fd, 1024);
	else if (strcmp(path, "/endless-huge") == 0)
		send_chunks(fd, 5 * 1024);
	else if (strcmp(path, "/drip") == 0)
		drip(fd);
	else
		hang(fd);
	return false;
}

/* Reads head and body into buf; 0 at the connection's end. */
static size_t read_request(int fd, char *buf, size_t size)
{
	size_t len = 0;
	size_t need = 0;

	while (need == 0 || len < need) {
		ssize_t n = recv(fd, buf + len, size - 1 - len, 0);
		const char *end, *length;

		if (n <= 0 || buf[0] == TLS_HANDSHAKE)
			return 0;
		len += (size_t)n;
		buf[len] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (!end)
			continue;
		length = strstr(buf, "Content-Length: ");
		need = (size_t)(end + 4 - buf) + (length ? strtoul(length + 16, NULL, 10) : 0);
	}
	return len;
}

static void *serve(void *arg)
{
	struct connection connection = *(struct connection *)arg;
	struct server *server = connection.server;
	char request[REQUEST_MAX];
	char path[256];
	bool more = true;

	free(arg);
	while (more && read_request(connection.fd, request, sizeof(request)) > 0) {
		pthread_mutex_lock(&server->lock);
		memcpy(server->request, request, sizeof(request));
		pthread_mutex_unlock(&server->lock);
		if (sscanf(request, "%*s %255[^ ?]", path) != 1)
			break;
		more = answer(server, connection.fd, path);
	}
	shutdown(connection.fd, SHUT_RDWR); /* closed by server_stop, when no thread uses it */
	return NULL;
}

static void *accept_all(void *arg)
{
	struct server *server = arg;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		struct connection *connection = malloc(sizeof(*connection));

		*connection = (struct connection){.server = server, .fd = fd};
		pthread_mutex_lock(&server->lock);
		if (server->n_connections == CONNECTIONS_MAX)
			abort();
		server->connections[server->n_connections] = fd;
		pthread_create(&server->threads[server->n_connections++], NULL, serve, connection);
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

/* ---- the fixture ---- */

struct fixture {
	struct server server;
	struct http_client *client;
	struct http_connection *connection;
	struct http_answer answer;
	struct error err;
	char url[512];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct http_client_options options = {.ca_file = "", .http_key = "upstream_http"};

	assert_non_null(f);
	pthread_mutex_init(&f->server.lock, NULL);
	f->server.listener = listen_on_loopback(64, &f->server.port);
	pthread_create(&f->server.acceptor, NULL, accept_all, &f->server);
	assert_ok(http_client_new(&options, &f->client, &f->err));
	f->connection = http_connection_borrow(f->client);
	assert_non_null(f->connection);
	http_answer_init(&f->answer);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct server *server = &f->server;

	http_answer_clear(&f->answer);
	http_connection_return(f->client, f->connection);
	http_client_free(f->client);
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->acceptor, NULL);
	close(server->listener);
	for (int i = 0; i < server->n_connections; i++) {
		shutdown(server->connections[i], SHUT_RDWR);
		pthread_join(server->threads[i], NULL);
		close(server->connections[i]);
	}
	pthread_mutex_destroy(&server->lock);
	free(f);
	return 0;
}

static const char *url_of(struct fixture *f, const char *path)
{
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d%s", f->server.port, path);
	return f->url;
}

static enum status get_within(struct fixture *f, const char *url, int64_t ms)
{
	struct http_call call = {.url = url, .deadline_ms = clock_monotonic_ms() + ms};

	return http_connection_call(f->connection, &call, &f->answer, &f->err);
}

static enum status get(struct fixture *f, const char *path)
{
	return get_within(f, url_of(f, path), AMPLE_MS);
}

static int connections_made(struct fixture *f)
{
	int n;

	pthread_mutex_lock(&f->server.lock);
	n = f->server.n_connections;
	pthread_mutex_unlock(&f->server.lock);
	return n;
}

static bool request_has(struct fixture *f, const char *text)
{
	bool has;

	pthread_mutex_lock(&f->server.lock);
	has = strstr(f->server.request, text) != NULL;
	pthread_mutex_unlock(&f->server.lock);
	return has;
}

/* ---- the tests ---- */

GROUP(client_start, client_stop)

FIXTURE(setup, teardown)

TEST(test_answers)
{
	static const struct {
		const char *path;
		int status;
		const char *type;
		const char *body;
	} rows[] = {
	    {"/ok",           200, "application/json; charset=utf-8", "{}"            },
	    {"/chunked",      200, "",                                "abcdefg"       },
	    {"/empty",        404, "",				""              },
	    {"/until-close",  200, "",                                "until the end" },
	    {"/continue",     200, "",                                "ok"            },
	    {"/unauthorized", 401, "",                                "Not authorized"},
	    {"/redirect",     302, "",                                ""              },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(get(f, rows[i].path));
		assert_int_equal(f->answer.status, rows[i].status);
		assert_string_equal(f->answer.content_type, rows[i].type);
		assert_string_equal(f->answer.body.data, rows[i].body);
		assert_int_equal(f->answer.reach, HTTP_SENT);
		assert_true(request_has(f, rows[i].path)); /* a redirect was not followed */
	}
}

TEST(test_post)
{
	struct fixture *f = *state;
	struct http_call call = {
	    .url = url_of(f, "/ok"),
	    .body = "<a/>",
	    .body_len = 4,
	    .content_type = "application/xml; charset=utf-8",
	    .user = "admin@example.test",
	    .password = "adminpass",
	    .header = "Api-Key: k",
	    .deadline_ms = clock_monotonic_ms() + AMPLE_MS,
	};

	assert_ok(http_connection_call(f->connection, &call, &f->answer, &f->err));
	assert_true(request_has(f, "POST /ok HTTP/1.1\r\n"));
	assert_true(request_has(f, "\r\nContent-Length: 4\r\n"));
	assert_true(request_has(f, "\r\nContent-Type: application/xml; charset=utf-8\r\n"));
	assert_true(request_has(f, "\r\nApi-Key: k\r\n"));
	assert_true(request_has(
	    f, "\r\nAuthorization: Basic YWRtaW5AZXhhbXBsZS50ZXN0OmFkbWlucGFzcw==\r\n"));
	assert_true(request_has(f, "\r\n\r\n<a/>"));
	assert_false(request_has(f, "chunked"));
	assert_false(request_has(f, "Expect"));
	assert_false(request_has(f, "Accept"));

	/* Nothing of a call is left for the next one on the same connection. */
	assert_ok(get(f, "/ok"));
	assert_true(request_has(f, "GET /ok HTTP/1.1\r\n"));
	assert_false(request_has(f, "Authorization"));
	assert_false(request_has(f, "Api-Key"));
	assert_false(request_has(f, "Content-"));
	assert_int_equal(connections_made(f), 1);
}

/*
 * A handle stays set between calls that are alike: what is different must arrive, also behind a
 * failure.
 */
TEST(test_calls_alike)
{
	static const struct {
		const char *path;
		const char *body;
		const char *password;
		const char *sent; /* in the request */
		const char *left; /* of the one before, and not in this one */
	} rows[] = {
	    {"/ok",      "first",   "a",         "\r\n\r\nfirst",                 "second"             },
	    {"/ok",      "another", "a",         "\r\n\r\nanother",               "first"              },
	    {"/ok",      "a",       "a",         "\r\nContent-Length: 1\r\n",     "another"            },
	    {"/ok",      "a",       "b",         "Authorization: Basic dTpi\r\n", "dTph"               },
	    {"/ok",      "a",       "\xc3\xa4:", "Basic dTrDpDo=\r\n",            "dTpi"               },
	    {"/ok",      "a",       NULL,        "\r\n\r\na",                     "Authorization"      },
	    {"/chunked", "a",       "a",         "POST /chunked",                 "/ok"                },
	    {"/chunked", NULL,      "a",         "GET /chunked",                  "\r\nContent-Length:"},
	    {"/ok",      NULL,      "a",         "GET /ok",                       "/chunked"           },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *url = strdup(url_of(f, rows[i].path)); /* gone, and wiped, after the call */
		char *body = rows[i].body ? strdup(rows[i].body) : NULL;
		struct http_call call = {
		    .url = url,
		    .body = body,
		    .body_len = body ? strlen(body) : 0,
		    .user = rows[i].password ? "u" : NULL,
		    .password = rows[i].password,
		    .deadline_ms = clock_monotonic_ms() + AMPLE_MS,
		};

		assert_ok(http_connection_call(f->connection, &call, &f->answer, &f->err));
		assert_true(request_has(f, rows[i].sent));
		assert_false(request_has(f, rows[i].left));
		explicit_bzero(url, strlen(url));
		free(url);
		free(body);
	}
	assert_int_equal(connections_made(f), 1);

	/* A call that fails, then the same one where it can succeed. */
	assert_status(get(f, "/cut"), STATUS_CHAT_SERVER);
	assert_ok(get(f, "/ok"));
	assert_true(request_has(f, "GET /ok"));
	assert_false(request_has(f, "Authorization"));
}

TEST(test_large_body_has_no_expect)
{
	static char body[4000];
	struct fixture *f = *state;
	struct http_call call = {.url = url_of(f, "/ok"),
				 .body = body,
				 .body_len = sizeof(body),
				 .content_type = "text/xml",
				 .accept = "text/xml",
				 .deadline_ms = clock_monotonic_ms() + AMPLE_MS};

	memset(body, 'x', sizeof(body));
	assert_ok(http_connection_call(f->connection, &call, &f->answer, &f->err));
	assert_true(request_has(f, "\r\nContent-Length: 4000\r\n"));
	assert_true(request_has(f, "\r\nAccept: text/xml\r\n"));
	assert_false(request_has(f, "Expect"));
}

TEST(test_literal_at_in_path)
{
	struct fixture *f = *state;
	struct http_call call = {.url = url_of(f, "/rest/adhoc/bosh@example.test"),
				 .deadline_ms = clock_monotonic_ms() + SHORT_MS};

	assert_status(http_connection_call(f->connection, &call, &f->answer, &f->err),
		      STATUS_CHAT_TIMEOUT);
	assert_true(request_has(f, "GET /rest/adhoc/bosh@example.test HTTP/1.1\r\n"));
}

TEST(test_size_limit)
{
	struct fixture *f = *state;

	assert_ok(get(f, "/size/65536"));
	assert_int_equal(f->answer.body.len, HTTP_ANSWER_MAX);
	assert_status(get(f, "/size/65537"), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, "64 KiB");
	assert_status(get(f, "/endless"), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, "64 KiB");
	assert_true(f->answer.body.len <= HTTP_ANSWER_MAX);
}

/* A client that inspects has another limit; its sentences name that one. */
TEST(test_size_limit_of_inspection)
{
	struct fixture *f = *state;
	struct http_client_options options = {.ca_file = "", .inspect = true};
	struct http_client *usual = f->client;

	http_connection_return(usual, f->connection);
	assert_ok(http_client_new(&options, &f->client, &f->err));
	http_client_free(usual);
	f->connection = http_connection_borrow(f->client);
	assert_non_null(f->connection);
	assert_ok(get(f, "/size/65537"));
	assert_status(get(f, "/claims-huge"), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, "larger than 4 MiB");
	assert_status(get(f, "/endless-huge"), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, "larger than 4 MiB");
}

TEST(test_broken_answers)
{
	static const struct {
		const char *path;
		const char *words;
	} rows[] = {
	    {"/gzip",         "compressed"                 },
	    {"/http09",       "not HTTP/1.1"               },
	    {"/nothing",      "without an answer"          },
	    {"/cut",          "broke"                      },
	    {"/bad-chunk",    "not framed as HTTP requires"},
	    {"/claims-large", "64 KiB"                     },
	};
	struct fixture *f = *state;
	char origin[64];

	snprintf(origin, sizeof(origin), "http://127.0.0.1:%d: ", f->server.port);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_status(get(f, rows[i].path), STATUS_CHAT_SERVER);
		assert_int_equal(f->err.status, STATUS_CHAT_SERVER);
		assert_memory_equal(f->err.text, origin, strlen(origin));
		assert_holds(f->err.text, rows[i].words);
		assert_int_equal(f->answer.reach, HTTP_SENT);
	}
	assert_ok(get(f, "/ok")); /* the handle is still good */
}

TEST(test_deadlines)
{
	static const char *const paths[] = {"/hang", "/drip"};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_status(get_within(f, url_of(f, paths[i]), SHORT_MS), STATUS_CHAT_TIMEOUT);
		assert_holds(f->err.text, "no complete answer");
		assert_int_equal(f->answer.reach, HTTP_SENT);
	}
	assert_status(get_within(f, url_of(f, "/ok"), 0), STATUS_CHAT_TIMEOUT);
	assert_int_equal(f->answer.reach, HTTP_NOT_BEGUN);
	assert_status(get_within(f, url_of(f, "/ok"), -1000), STATUS_CHAT_TIMEOUT);
	assert_int_equal(f->answer.reach, HTTP_NOT_BEGUN);
}

TEST(test_refused)
{
	struct fixture *f = *state;
	char url[64];
	int port;

	close(listen_on_loopback(1, &port));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/x?api-key=hush", port);
	assert_status(get_within(f, url, AMPLE_MS), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, "Connection refused");
	assert_null(strstr(f->err.text, "hush"));
	assert_int_equal(f->answer.reach, HTTP_NOT_CONNECTED);
}

/* The milliseconds of a sentence on a connection that was not made; 0: it says nothing of them. */
static long connect_ms(const char *text)
{
	static const char words[] = "no connection within ";
	const char *at = strstr(text, words);

	return at ? strtol(at + strlen(words), NULL, 10) : 0;
}

/* A listener whose queue is full leaves a connect() unanswered, as a firewall does. */
TEST(test_connect_unanswered)
{
	struct fixture *f = *state;
	int filler[8];
	int port;
	int listener = listen_on_loopback(0, &port);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)port)};
	char url[64];

	for (size_t i = 0; i < COUNT(filler); i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(filler[i], (struct sockaddr *)&address, sizeof(address));
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	assert_status(get_within(f, url, SHORT_MS), STATUS_CHAT_SERVER);
	assert_int_equal(f->answer.reach, HTTP_NOT_REACHED); /* half the time is left for another */
	assert_in_range(connect_ms(f->err.text), 1, SHORT_MS / 2);
	assert_status(get_within(f, url, AMPLE_MS), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, "no connection within 1000 ms");
	assert_int_equal(f->answer.reach, HTTP_NOT_REACHED);
	for (size_t i = 0; i < COUNT(filler); i++)
		close(filler[i]);
	close(listener);
}

TEST(test_tls_failure)
{
	struct fixture *f = *state;
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/ok", f->server.port);
	assert_status(get_within(f, url, AMPLE_MS), STATUS_CHAT_SERVER);
	assert_holds(f->err.text, ": TLS: ");
	assert_holds(f->err.text, "ca_file");
	assert_int_equal(f->answer.reach, HTTP_NOT_CONNECTED);
}

TEST(test_connection_is_kept)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		assert_ok(get(f, "/ok"));
	assert_int_equal(connections_made(f), 1);

	/* What was given back is borrowed again, with its connection. */
	http_connection_return(f->client, f->connection);
	f->connection = http_connection_borrow(f->client);
	assert_ok(get(f, "/ok"));
	assert_int_equal(connections_made(f), 1);

	assert_status(get(f, "/gzip"), STATUS_CHAT_SERVER); /* half-read: not kept */
	assert_ok(get(f, "/ok"));
	assert_int_equal(connections_made(f), 2);
}

struct caller {
	struct fixture *fixture;
	pthread_t thread;
	int good;
};

static void *call_often(void *arg)
{
	struct caller *caller = arg;
	struct http_client *client = caller->fixture->client;
	struct http_answer answer_read;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok", caller->fixture->server.port);
	http_answer_init(&answer_read);
	for (int i = 0; i < 10; i++) {
		struct http_connection *connection = http_connection_borrow(client);
		struct http_call call = {.url = url,
					 .deadline_ms = clock_monotonic_ms() + AMPLE_MS};

		if (connection &&
		    http_connection_call(connection, &call, &answer_read, NULL) == STATUS_OK &&
		    strcmp(answer_read.body.data, "{}") == 0)
			caller->good++;
		http_connection_return(client, connection);
	}
	http_answer_clear(&answer_read);
	return NULL;
}

TEST(test_threads)
{
	struct fixture *f = *state;
	struct caller callers[8];

	for (size_t i = 0; i < 8; i++) {
		callers[i] = (struct caller){.fixture = f};
		pthread_create(&callers[i].thread, NULL, call_often, &callers[i]);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].good, 10);
	}
	assert_true(connections_made(f) <= 8);
}

TEST(test_url_rules)
{
	static const struct {
		const char *url;
		bool loopback_only; /* as the site is by default */
		bool with_allow_http;
		bool private;
	} rows[] = {
	    {"http://127.0.0.1:8080/rest/adhoc/bosh@example.org", true,  true,  true },
	    {"http://127.8.9.1/",                                 true,  true,  true },
	    {"http://[::1]:5280/http-bind",                       true,  true,  true },
	    {"http://localhost/x",                                true,  true,  true },
	    {"http://LOCALHOST/x",                                true,  true,  true },
	    {"https://chat.example.org/http-bind",                true,  true,  true },
	    {"HTTPS://chat.example.org",                          true,  true,  true },
	    {"http://chat.example.org/http-bind",                 false, true,  false},
	    {"http://localhost.example.org/",                     false, true,  false},
	    {"http://127.0.0.1.example.org/",                     false, true,  false},
	    {"http://128.0.0.1/",                                 false, true,  false},
	    {"http://10.0.0.1/",				  false, true,  false},
	    {"http://[::2]/",				     false, true,  false},
	    {"http://[::ffff:10.0.0.1]/",                         false, true,  false},
	    {"http://user:secret@127.0.0.1/",                     false, false, false},
	    {"https://user@chat.example.org/",                    false, false, false},
	    {"ftp://127.0.0.1/",				  false, false, false},
	    {"file:///etc/passwd",                                false, false, false},
	    {"gopher://127.0.0.1/",                               false, false, false},
	    {"127.0.0.1:8080/x",				  false, false, false},
	    {"/http-bind",					false, false, false},
	    {"",						  false, false, false},
	    {"http://",					   false, false, false},
	    {"http://127.0.0.1:99999/",                           false, false, false},
	    {"http://127.0.0.1/a\r\nX: y",                        false, false, false},
	};
	struct fixture *f = *state;
	struct http_client_options options = {.ca_file = "", .allow_http = true};
	struct http_client *open_client;
	struct error err;

	assert_ok(http_client_new(&options, &open_client, &err));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *url = rows[i].url;

		assert_int_equal(http_client_url_check(f->client, url, &err),
				 rows[i].loopback_only ? STATUS_OK : STATUS_BAD_REQUEST);
		assert_null(rows[i].loopback_only ? NULL : strstr(err.text, "secret"));
		assert_int_equal(http_client_url_check(open_client, url, &err),
				 rows[i].with_allow_http ? STATUS_OK : STATUS_BAD_REQUEST);
		assert_int_equal(http_url_is_private(url), rows[i].private);
	}
	http_client_free(open_client);
	/* The rule holds for calls too, not only where a configuration is read. */
	assert_status(get_within(f, "http://192.0.2.1/", AMPLE_MS), STATUS_BAD_REQUEST);
	assert_int_equal(f->answer.reach, HTTP_NOT_BEGUN);
}

TEST(test_unknown_host)
{
	struct fixture *f = *state;
	enum status status = get_within(f, "https://nothing.invalid/", AMPLE_MS);

	/*
	 * "no such name", or where no resolver answers at all, no connection: never a time-out of
	 * ours
	 */
	assert_status(status, STATUS_CHAT_SERVER);
	assert_memory_equal(f->err.text, "https://nothing.invalid:443: ", 29);
	assert_int_equal(f->answer.reach, HTTP_NOT_CONNECTED);
}

TEST(test_control_characters_in_headers)
{
	struct fixture *f = *state;
	struct http_call call = {.url = url_of(f, "/ok"),
				 .header = "Api-Key: a\r\nX-Other: b",
				 .deadline_ms = clock_monotonic_ms() + AMPLE_MS};

	assert_status(http_connection_call(f->connection, &call, &f->answer, &f->err),
		      STATUS_BAD_REQUEST);
	assert_int_equal(f->answer.reach, HTTP_NOT_BEGUN);
	assert_int_equal(connections_made(f), 0);
}

TEST(test_environment_is_ignored)
{
	struct fixture *f = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_ok(get(f, "/ok"));
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

FIXTURE(NULL, NULL)

TEST(test_missing_ca_file)
{
	struct http_client_options options = {.ca_file = "/nonexistent/ca.pem"};
	struct http_client *client = NULL;

	assert_fails(http_client_new(&options, &client, ERR), STATUS_UNAVAILABLE,
		     "/nonexistent/ca.pem");
	assert_null(client);
}

FIXTURE(setup, teardown)

TEST(test_null_is_taken)
{
	struct fixture *f = *state;

	http_client_free(NULL);
	http_connection_return(f->client, NULL);
}
