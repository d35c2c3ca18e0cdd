/*
 * Starts libcurl, checks URLs before they are called, and keeps a pool of handles with their
 * connections. Also libcurl's callbacks.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net/http_curl.h"

#define CURL_MIN 0x075500 /* 7.85: CURLOPT_PROTOCOLS_STR */

enum status http_client_start(struct error *err)
{
	const curl_version_info_data *have;
	struct sigaction pipe_action;

	/* libcurl would write the keys of TLS connections to the file named by this variable. */
	unsetenv("SSLKEYLOGFILE");
	/*
	 * With CURLOPT_NOSIGNAL, SIGPIPE would end the process when a peer closes the connection.
	 */
	if (sigaction(SIGPIPE, NULL, &pipe_action) == 0 && pipe_action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, STATUS_INTERNAL, "libcurl cannot be started");
	have = curl_version_info(CURLVERSION_NOW);
	if (have->version_num < CURL_MIN)
		return error_set(err, STATUS_INTERNAL,
				 "libcurl %s is too old: 7.85 or newer is needed", have->version);
	if (!(have->features & CURL_VERSION_THREADSAFE) ||
	    !(have->features & CURL_VERSION_ASYNCHDNS))
		return error_set(err, STATUS_INTERNAL,
				 "libcurl %s was built without thread safety or without a resolver "
				 "that obeys timeouts: install the distribution's package",
				 have->version);
	return STATUS_OK;
}

void http_client_stop(void)
{
	curl_global_cleanup();
}

/* ---- where a URL leads ---- */

static enum status target_parse(const char *text, struct http_target *out, struct error *err)
{
	CURLU *url = curl_url();
	enum status status;

	if (url == NULL)
		return error_no_memory(err);
	status = http_target_read(url, text, out, err);
	curl_url_cleanup(url);
	return status;
}

enum status http_client_url_check(const struct http_client *client, const char *url,
				  struct error *err)
{
	struct http_target target = {0};
	enum status status = target_parse(url, &target, err);

	return status == STATUS_OK ? http_target_allow(&target, client->allow_http, err) : status;
}

bool http_url_is_private(const char *url)
{
	struct http_target target = {0};

	return target_parse(url, &target, NULL) == STATUS_OK && (target.https || target.loopback);
}

/* ---- the pool ---- */

enum status http_client_new(const struct http_client_options *options, struct http_client **out,
			    struct error *err)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return error_no_memory(err);
	client->allow_http = options->allow_http;
	pthread_mutex_init(&client->lock, NULL);
	client->ca_file = strdup(options->ca_file);
	client->pins = strdup(options->pins != NULL ? options->pins : "");
	if (client->ca_file == NULL || client->pins == NULL) {
		http_client_free(client);
		return error_no_memory(err);
	}
	if (client->ca_file[0] && access(client->ca_file, R_OK) != 0) {
		error_set(err, STATUS_UNAVAILABLE, "%s cannot be read: %s", client->ca_file,
			  strerrordesc_np(errno));
		http_client_free(client);
		return STATUS_UNAVAILABLE;
	}
	*out = client;
	return STATUS_OK;
}

static void connection_free(struct http_connection *connection)
{
	if (connection == NULL)
		return;
	if (connection->easy != NULL) {
		http_settings_forget(connection);
		curl_easy_cleanup(connection->easy);
	}
	free(connection);
}

void http_client_free(struct http_client *client)
{
	struct http_connection *next;

	if (client == NULL)
		return;
	for (struct http_connection *c = client->idle; c != NULL; c = next) {
		next = c->next;
		connection_free(c);
	}
	pthread_mutex_destroy(&client->lock);
	free(client->ca_file);
	free(client->pins);
	free(client);
}

struct http_connection *http_connection_borrow(struct http_client *client)
{
	struct http_connection *connection;

	pthread_mutex_lock(&client->lock);
	connection = client->idle;
	if (connection != NULL)
		client->idle = connection->next;
	pthread_mutex_unlock(&client->lock);
	if (connection != NULL)
		return connection;

	connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return NULL;
	connection->client = client;
	connection->socket = CURL_SOCKET_BAD;
	strbuf_init_secret(&connection->settings);
	connection->easy = curl_easy_init();
	if (connection->easy == NULL) {
		connection_free(connection);
		return NULL;
	}
	return connection;
}

void http_connection_return(struct http_client *client, struct http_connection *connection)
{
	if (connection == NULL)
		return;
	pthread_mutex_lock(&client->lock);
	connection->next = client->idle;
	client->idle = connection;
	pthread_mutex_unlock(&client->lock);
}

/* ---- waiting for a call ---- */

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
		connection->refused =
		    "the answer is compressed, although the request did not allow it";
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
		connection->refused = "out of memory while reading the answer";
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
