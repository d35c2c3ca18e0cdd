/*
 * The callbacks that libcurl makes during a call: they follow its progress and collect the answer.
 * http_call.c handles the complete answer.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net/http_curl.h"

/*
 * The JDK's HTTP server, used by Tigase, writes head and body in two packets. With delayed ACKs the
 * second one waits 40 ms for ours. The kernel clears TCP_QUICKACK by itself, so it is set again for
 * each answer. The descriptor is kept here because CURLINFO_ACTIVESOCKET is not set inside a
 * callback.
 */
static int on_socket(void *arg, curl_socket_t socket, curlsocktype purpose)
{
	struct http_connection *connection = arg;

	if (purpose == CURLSOCKTYPE_IPCXN)
		connection->socket = socket;
	return CURL_SOCKOPT_OK;
}

static int on_close(void *arg, curl_socket_t socket)
{
	struct http_connection *connection = arg;

	if (connection->socket == socket)
		connection->socket = CURL_SOCKET_BAD;
	return close(socket);
}

static int on_request(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct http_connection *connection = arg;

	(void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
	connection->answer->reach = HTTP_SENT;
	return CURL_PREREQFUNC_OK;
}

static bool line_begins(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncasecmp(line, name, n) == 0;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_connection *connection = arg;
	size_t len = size * count;
	int on = 1;

	if (line_begins(line, len, "HTTP/") && connection->socket != CURL_SOCKET_BAD)
		setsockopt(connection->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	if (line_begins(line, len, "Content-Encoding:")) {
		connection->refused = "the answer is compressed, which was not asked for";
		return 0;
	}
	return len;
}

/* One callback may deliver more than the limit at once. */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_connection *connection = arg;
	struct strbuf *body = &connection->answer->body;
	size_t len = size * count;

	if (len > HTTP_ANSWER_MAX || body->len > HTTP_ANSWER_MAX - len) {
		connection->refused = "the answer is larger than 64 KiB";
		return 0;
	}
	strbuf_add(body, data, len);
	if (!strbuf_ok(body)) {
		connection->refused = "out of memory while the answer was read";
		return 0;
	}
	return len;
}

int http_events_set(struct http_connection *connection)
{
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, connection);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, connection);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PREREQDATA, connection);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HEADERDATA, connection);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_WRITEDATA, connection);
	return bad;
}
