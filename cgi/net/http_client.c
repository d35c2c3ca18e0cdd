/*
 * libcurl, wrapped: the options that every call to the XMPP server has stand in the tables below,
 * what a call adds stands in connection_set_call(). It knows no XMPP and repeats nothing: a session
 * that was asked for once more is a second session.
 */
#include "net/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/secret.h"

#define CURL_MIN          0x075500 /* 7.85: CURLOPT_PROTOCOLS_STR */
#define CONNECT_MAX_MS    1000     /* a host that is up answers a SYN far sooner */
#define CONNECTION_AGE_S  25       /* Tigase closes idle connections after 31–35 s */
#define CONNECTION_LIFE_S 600      /* a certificate is looked at only when the connection is made */
#define DNS_CACHE_S       30
#define ORIGIN_MAX        288 /* "https://" + a host name's 253 bytes + ":65535" */

struct http_client {
	char *ca_file; /* "" : the system's */
	bool allow_http;
	pthread_mutex_t lock;         /* guards idle */
	struct http_connection *idle; /* last returned first: the warmest */
};

struct http_connection {
	const struct http_client *client;
	struct http_connection *next;
	CURL *easy;
	curl_socket_t socket; /* the one kept connection's; CURL_SOCKET_BAD: none */

	struct http_answer *answer; /* of the call that is running */
	const char *refused;        /* why a callback stopped it, or NULL */
	char why[CURL_ERROR_SIZE];
};

/* What a URL says about where a call goes. */
struct target {
	char origin[ORIGIN_MAX]; /* scheme://host:port, for sentences */
	bool https;
	bool loopback;
};

enum status http_client_start(struct error *err)
{
	const curl_version_info_data *have;
	struct sigaction pipe_action;

	/* libcurl would write the keys of TLS connections to the file that it names. */
	unsetenv("SSLKEYLOGFILE");
	/* With CURLOPT_NOSIGNAL a peer that closes would end the process by SIGPIPE. */
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
				 "that keeps to deadlines: install the distribution's package",
				 have->version);
	return STATUS_OK;
}

void http_client_stop(void)
{
	curl_global_cleanup();
}

/* ---- where a URL leads ---- */

static bool host_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	char bare[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0) /* libcurl resolves it itself, never by DNS */
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (len < 3 || host[0] != '[' || len - 2 >= sizeof(bare))
		return false;
	memcpy(bare, host + 1, len - 2);
	bare[len - 2] = '\0';
	return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static enum status target_read(CURLU *url, struct target *out, struct error *err)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	enum status status = STATUS_BAD_REQUEST;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
		error_set(err, status, "not a complete URL: http://HOST:PORT/PATH is wanted");
		goto out;
	}
	out->https = strcmp(scheme, "https") == 0;
	if (!out->https && strcmp(scheme, "http") != 0) {
		error_set(err, status, "a URL of scheme %s: only https and http are spoken",
			  scheme);
		goto out;
	}
	out->loopback = host_is_loopback(host);
	snprintf(out->origin, sizeof(out->origin), "%s://%s:%s", scheme, host, port);
	status = STATUS_OK;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return status;
}

static enum status target_parse(const char *text, struct target *out, struct error *err)
{
	CURLU *url = curl_url();
	enum status status;
	CURLUcode rc;

	if (!url)
		return error_no_memory(err);
	rc = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
	if (rc == CURLUE_OK)
		status = target_read(url, out, err);
	else if (rc == CURLUE_USER_NOT_ALLOWED)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "a URL with a user name or a password in it: they have keys of "
				   "their own");
	else
		status = error_set(err, STATUS_BAD_REQUEST,
				   "not a URL: http://HOST:PORT/PATH is wanted");
	curl_url_cleanup(url);
	return status;
}

/* target_parse, and the rule about plain http. */
static enum status target_allow(const struct http_client *client, const char *url,
				struct target *out, struct error *err)
{
	enum status status = target_parse(url, out, err);

	if (status == STATUS_OK && !out->https && !out->loopback && !client->allow_http)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: plain http would show passwords to the network between: use "
				 "https, or a loopback address, or set upstream_http = on",
				 out->origin);
	return status;
}

enum status http_client_url_check(const struct http_client *client, const char *url,
				  struct error *err)
{
	struct target target = {0};

	return target_allow(client, url, &target, err);
}

bool http_url_is_private(const char *url)
{
	struct target target = {0};

	return target_parse(url, &target, NULL) == STATUS_OK && (target.https || target.loopback);
}

/* ---- the pool ---- */

enum status http_client_new(const struct http_client_options *options, struct http_client **out,
			    struct error *err)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (!client)
		return error_no_memory(err);
	client->allow_http = options->allow_http;
	client->ca_file = strdup(options->ca_file);
	if (!client->ca_file) {
		free(client);
		return error_no_memory(err);
	}
	if (client->ca_file[0] && access(client->ca_file, R_OK) != 0) {
		error_set(err, STATUS_UNAVAILABLE, "ca_file %s cannot be read: %s", client->ca_file,
			  strerrordesc_np(errno));
		free(client->ca_file);
		free(client);
		return STATUS_UNAVAILABLE;
	}
	pthread_mutex_init(&client->lock, NULL);
	*out = client;
	return STATUS_OK;
}

static void connection_free(struct http_connection *connection)
{
	if (!connection)
		return;
	if (connection->easy)
		curl_easy_cleanup(connection->easy);
	free(connection);
}

void http_client_free(struct http_client *client)
{
	struct http_connection *next;

	if (!client)
		return;
	for (struct http_connection *c = client->idle; c; c = next) {
		next = c->next;
		connection_free(c);
	}
	pthread_mutex_destroy(&client->lock);
	free(client->ca_file);
	free(client);
}

struct http_connection *http_connection_borrow(struct http_client *client)
{
	struct http_connection *connection;

	pthread_mutex_lock(&client->lock);
	connection = client->idle;
	if (connection)
		client->idle = connection->next;
	pthread_mutex_unlock(&client->lock);
	if (connection)
		return connection;

	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	connection->client = client;
	connection->socket = CURL_SOCKET_BAD;
	connection->easy = curl_easy_init();
	if (!connection->easy) {
		connection_free(connection);
		return NULL;
	}
	return connection;
}

void http_connection_return(struct http_client *client, struct http_connection *connection)
{
	if (!connection)
		return;
	pthread_mutex_lock(&client->lock);
	connection->next = client->idle;
	client->idle = connection;
	pthread_mutex_unlock(&client->lock);
}

/* ---- what libcurl calls while a call runs ---- */

/*
 * The JDK's HTTP server, in front of Tigase, writes head and body in two packets; with delayed ACKs
 * the second one waits 40 ms for ours. TCP_QUICKACK falls back by itself, so it is set anew as each
 * answer begins. The descriptor is remembered here because CURLINFO_ACTIVESOCKET has none inside a
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
	connection->answer->sent = true;
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

/* A call may hand over more than the cap at once. */
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

/* ---- one call ---- */

/* MAXCONNECTS 1: one descriptor to remember, and a pool has one upstream anyway. */
static const struct {
	CURLoption option;
	long value;
} fixed_numbers[] = {
    {CURLOPT_NOSIGNAL,                 1                      },
    {CURLOPT_HTTP_VERSION,             CURL_HTTP_VERSION_1_1  },
    {CURLOPT_HTTP09_ALLOWED,           0                      },
    {CURLOPT_FOLLOWLOCATION,           0                      },
    {CURLOPT_NETRC,		    CURL_NETRC_IGNORED     },
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1                      },
    {CURLOPT_UNRESTRICTED_AUTH,        0                      },
    {CURLOPT_HTTPAUTH,                 CURLAUTH_BASIC         },
    {CURLOPT_SSL_VERIFYPEER,           1                      },
    {CURLOPT_SSL_VERIFYHOST,           2                      },
    {CURLOPT_SSLVERSION,               CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_MAXFILESIZE,              HTTP_ANSWER_MAX        },
    {CURLOPT_MAXCONNECTS,              1                      },
    {CURLOPT_MAXAGE_CONN,              CONNECTION_AGE_S       },
    {CURLOPT_MAXLIFETIME_CONN,         CONNECTION_LIFE_S      },
    {CURLOPT_DNS_CACHE_TIMEOUT,        DNS_CACHE_S            },
};

static const struct {
	CURLoption option;
	const char *value;
} fixed_texts[] = {
    {CURLOPT_PROXY,     ""			}, /* not even the environment's */
    {CURLOPT_NOPROXY,   "*"                       },
    {CURLOPT_USERAGENT, "prebind/" PREBIND_VERSION},
};

static int connection_set_fixed(struct http_connection *connection)
{
	CURL *easy = connection->easy;
	int bad = 0;

	for (size_t i = 0; i < sizeof(fixed_numbers) / sizeof(fixed_numbers[0]); i++)
		bad |= (int)curl_easy_setopt(easy, fixed_numbers[i].option, fixed_numbers[i].value);
	for (size_t i = 0; i < sizeof(fixed_texts) / sizeof(fixed_texts[0]); i++)
		bad |= (int)curl_easy_setopt(easy, fixed_texts[i].option, fixed_texts[i].value);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->why);
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

/* POSTFIELDS with its size: Tigase answers a chunked request with 500. */
static int connection_set_call(struct http_connection *connection, const struct http_call *call,
			       struct curl_slist *headers, const struct target *target)
{
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_URL, call->url);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, target->https ? "https" : "http");
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	if (connection->client->ca_file[0])
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, connection->client->ca_file);
	if (call->body) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)call->body_len);
	}
	if (call->user) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_USERNAME, call->user);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_PASSWORD, call->password);
	}
	return bad;
}

static int connection_set_times(struct http_connection *connection, int64_t left_ms)
{
	long connect_ms = left_ms < CONNECT_MAX_MS ? (long)left_ms : CONNECT_MAX_MS;
	int bad = 0;

	bad |= (int)curl_easy_setopt(connection->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	bad |= (int)curl_easy_setopt(connection->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	return bad;
}

/* libcurl sends CR and LF on as they are, so they are refused here. */
static enum status header_add(struct curl_slist **list, const char *name, const char *value,
			      struct error *err)
{
	struct strbuf line;
	struct curl_slist *longer = NULL;

	if (text_has_control(value))
		return error_set(err, STATUS_BAD_REQUEST,
				 "a control character in a header of the request");
	strbuf_init_secret(&line);
	strbuf_adds(&line, name);
	strbuf_adds(&line, value);
	if (strbuf_ok(&line))
		longer = curl_slist_append(*list, line.data);
	strbuf_clear(&line);
	if (!longer)
		return error_no_memory(err);
	*list = longer;
	return STATUS_OK;
}

/* "Name:" without a value takes libcurl's own header away. */
static enum status headers_make(const struct http_call *call, struct curl_slist **list,
				struct error *err)
{
	enum status status = header_add(list, "Expect:", "", err);

	if (status == STATUS_OK)
		status = call->accept ? header_add(list, "Accept: ", call->accept, err)
				      : header_add(list, "Accept:", "", err);
	if (status == STATUS_OK && call->content_type)
		status = header_add(list, "Content-Type: ", call->content_type, err);
	if (status == STATUS_OK && call->header)
		status = header_add(list, "", call->header, err);
	return status;
}

static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *line = list; line; line = line->next)
		secret_wipe(line->data, strlen(line->data)); /* an API key may be among them */
	curl_slist_free_all(list);
}

static const char *failure_words(CURLcode rc)
{
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "its host name is not known to DNS: check the address";
	case CURLE_FILESIZE_EXCEEDED:
		return "the answer is larger than 64 KiB";
	case CURLE_GOT_NOTHING:
		return "the connection was closed without an answer";
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return "the connection broke, or the answer's framing is wrong";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return "the answer is not HTTP/1.1: check the port";
	case CURLE_OUT_OF_MEMORY:
		return "out of memory";
	default:
		return curl_easy_strerror(rc);
	}
}

static bool failure_is_tls(CURLcode rc)
{
	return rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_PEER_FAILED_VERIFICATION ||
	       rc == CURLE_SSL_CERTPROBLEM || rc == CURLE_SSL_CIPHER ||
	       rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_SSL_ISSUER_ERROR;
}

static enum status failure_timeout(const struct http_connection *connection,
				   const struct target *target, int64_t left_ms, struct error *err)
{
	if (connection->answer->sent)
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: no complete answer within %lld ms (key timeout)",
				 target->origin, (long long)left_ms);
	if (left_ms <= CONNECT_MAX_MS)
		return error_set(err, STATUS_CHAT_TIMEOUT, "%s: no connection within %lld ms",
				 target->origin, (long long)left_ms);
	return error_set(err, STATUS_CHAT_SERVER,
			 "%s: no connection within %d ms: is the host up, and no firewall between?",
			 target->origin, CONNECT_MAX_MS);
}

static enum status failure(const struct http_connection *connection, CURLcode rc,
			   const struct target *target, struct error *err)
{
	long number = 0;

	if (connection->refused)
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", target->origin,
				 connection->refused);
	if (failure_is_tls(rc))
		return error_set(err, STATUS_CHAT_SERVER,
				 "%s: TLS: %s; its certificate must be valid for that name, its "
				 "authority known to the system or in ca_file",
				 target->origin,
				 connection->why[0] ? connection->why : curl_easy_strerror(rc));
	if (rc != CURLE_COULDNT_CONNECT)
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", target->origin,
				 failure_words(rc));
	curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &number);
	return error_set(err, STATUS_CHAT_SERVER,
			 "%s: no connection (%s): is the XMPP server's HTTP service running there?",
			 target->origin, number ? strerrordesc_np((int)number) : "no reason given");
}

static void answer_read_head(CURL *easy, struct http_answer *out)
{
	long status = 0;
	char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	out->status = (int)status;
	snprintf(out->content_type, sizeof(out->content_type), "%s", type ? type : "");
}

void http_answer_init(struct http_answer *answer)
{
	*answer = (struct http_answer){0};
	strbuf_init_secret(&answer->body);
}

void http_answer_clear(struct http_answer *answer)
{
	strbuf_clear(&answer->body);
}

static enum status connection_perform(struct http_connection *connection,
				      const struct http_call *call, const struct target *target,
				      struct error *err)
{
	struct curl_slist *headers = NULL;
	int64_t left_ms = clock_left_ms(call->deadline_ms);
	enum status status;
	CURLcode rc;

	if (left_ms <= 0) /* to libcurl a time-out of 0 is none */
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: the time allowed (key timeout) was used up before this call",
				 target->origin);
	status = headers_make(call, &headers, err);
	if (status != STATUS_OK)
		goto out;
	if (connection_set_fixed(connection) ||
	    connection_set_call(connection, call, headers, target) ||
	    connection_set_times(connection, left_ms)) {
		status = error_set(err, STATUS_INTERNAL, "libcurl does not take an option");
		goto out;
	}
	rc = curl_easy_perform(connection->easy);
	if (rc == CURLE_OK)
		answer_read_head(connection->easy, connection->answer);
	else if (rc == CURLE_OPERATION_TIMEDOUT)
		status = failure_timeout(connection, target, left_ms, err);
	else
		status = failure(connection, rc, target, err);
out:
	curl_easy_reset(connection->easy); /* keeps the connection, forgets the caller's pointers */
	headers_free(headers);
	return status;
}

enum status http_connection_call(struct http_connection *connection, const struct http_call *call,
				 struct http_answer *out, struct error *err)
{
	struct target target = {0};
	enum status status = target_allow(connection->client, call->url, &target, err);

	out->status = 0;
	out->content_type[0] = '\0';
	out->sent = false;
	strbuf_reset(&out->body);
	if (status != STATUS_OK)
		return status;
	connection->answer = out;
	connection->refused = NULL;
	connection->why[0] = '\0';
	status = connection_perform(connection, call, &target, err);
	connection->answer = NULL;
	return status;
}
