/*
 * libcurl, wrapped: the options that every call to the XMPP server has stand in the tables below,
 * what a call adds stands in connection_set_call(). A handle stays set as long as calls differ in
 * nothing but body and deadline. It knows no XMPP and repeats nothing: a session that was asked for
 * once more is a second session.
 */
#include "net/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
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
#include "net/http_failure.h"
#include "net/http_target.h"

#define CURL_MIN          0x075500 /* 7.85: CURLOPT_PROTOCOLS_STR */
#define CONNECT_MAX_MS    1000     /* a host that is up answers a SYN far sooner */
#define CONNECTION_AGE_S  25       /* Tigase closes idle connections after 31–35 s */
#define CONNECTION_LIFE_S 600      /* a certificate is looked at only when the connection is made */
#define DNS_CACHE_S       30

struct http_client {
	char *ca_file; /* "" : the system's */
	char *pins;    /* "" : none; else as CURLOPT_PINNEDPUBLICKEY wants them */
	bool allow_http;
	pthread_mutex_t lock;         /* guards idle */
	struct http_connection *idle; /* last returned first: the warmest */
};

struct http_connection {
	const struct http_client *client;
	struct http_connection *next;
	CURL *easy;
	curl_socket_t socket; /* the one kept connection's; CURL_SOCKET_BAD: none */

	/* What the handle is set to, for as long as calls differ in body and deadline alone. */
	struct strbuf settings;     /* as settings_write; "" : to nothing */
	struct http_target target;  /* of its URL */
	struct curl_slist *headers; /* libcurl borrows them */

	struct http_answer *answer; /* of the call that is running */
	const char *refused;        /* why a callback stopped it, or NULL */
	char why[CURL_ERROR_SIZE];
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

static enum status target_read(CURLU *url, struct http_target *out, struct error *err)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	enum status status = STATUS_BAD_REQUEST;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		error_set(err, status, "not a complete URL: http://HOST:PORT/PATH is wanted");
	else
		status = http_target_set(out, scheme, host, port, err);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return status;
}

static enum status target_parse(const char *text, struct http_target *out, struct error *err)
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
				struct http_target *out, struct error *err)
{
	enum status status = target_parse(url, out, err);

	return status == STATUS_OK ? http_target_allow(out, client->allow_http, err) : status;
}

enum status http_client_url_check(const struct http_client *client, const char *url,
				  struct error *err)
{
	struct http_target target = {0};

	return target_allow(client, url, &target, err);
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

	if (!client)
		return error_no_memory(err);
	client->allow_http = options->allow_http;
	pthread_mutex_init(&client->lock, NULL);
	client->ca_file = strdup(options->ca_file);
	client->pins = strdup(options->pins ? options->pins : "");
	if (!client->ca_file || !client->pins) {
		http_client_free(client);
		return error_no_memory(err);
	}
	if (client->ca_file[0] && access(client->ca_file, R_OK) != 0) {
		error_set(err, STATUS_UNAVAILABLE, "ca_file %s cannot be read: %s", client->ca_file,
			  strerrordesc_np(errno));
		http_client_free(client);
		return STATUS_UNAVAILABLE;
	}
	*out = client;
	return STATUS_OK;
}

static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *line = list; line; line = line->next)
		secret_wipe(line->data, strlen(line->data)); /* an API key may be among them */
	curl_slist_free_all(list);
}

/* The handle is as new, but for the connection that it keeps. */
static void connection_forget(struct http_connection *connection)
{
	curl_easy_reset(connection->easy);
	headers_free(connection->headers);
	connection->headers = NULL;
	strbuf_clear(&connection->settings);
}

static void connection_free(struct http_connection *connection)
{
	if (!connection)
		return;
	if (connection->easy) {
		connection_forget(connection);
		curl_easy_cleanup(connection->easy);
	}
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
	free(client->pins);
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
	strbuf_init_secret(&connection->settings);
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

/* MAXCONNECTS 1: one descriptor to remember; a pool rarely calls more than one upstream. */
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
    {CURLOPT_PROXY,   "" }, /* not even the environment's */
    {CURLOPT_NOPROXY, "*"},
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

/* What calls of the same settings have in common; the rest is connection_set_one's. */
static int connection_set_call(struct http_connection *connection, const struct http_call *call)
{
	const struct http_client *client = connection->client;
	const char *scheme = connection->target.https ? "https" : "http";
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_URL, call->url);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, connection->headers);
	if (client->ca_file[0])
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
	if (client->pins[0])
		bad |= (int)curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, client->pins);
	if (call->user) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_USERNAME, call->user);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_PASSWORD, call->password);
	}
	return bad;
}

/* Half of what is left is for the answer, or for another upstream. */
static long connect_time(int64_t left_ms)
{
	if (left_ms / 2 > CONNECT_MAX_MS)
		return CONNECT_MAX_MS;
	return left_ms < 2 ? 1 : (long)(left_ms / 2);
}

/* POSTFIELDS with its size: Tigase answers a chunked request with 500. */
static int connection_set_one(struct http_connection *connection, const struct http_call *call,
			      int64_t left_ms)
{
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_time(left_ms));
	if (call->body) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)call->body_len);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
	}
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

	if (status == STATUS_OK) /* CURLOPT_USERAGENT would be printed anew for each call */
		status = header_add(list, "User-Agent: ", "prebind/" PREBIND_VERSION, err);
	if (status == STATUS_OK)
		status = call->accept ? header_add(list, "Accept: ", call->accept, err)
				      : header_add(list, "Accept:", "", err);
	if (status == STATUS_OK && call->content_type)
		status = header_add(list, "Content-Type: ", call->content_type, err);
	if (status == STATUS_OK && call->header)
		status = header_add(list, "", call->header, err);
	return status;
}

/* All of a call but its body and its deadline: equal texts are equal settings. */
static void settings_write(struct strbuf *out, const struct http_call *call)
{
	const char *const parts[] = {call->url,  call->content_type, call->accept,
				     call->user, call->password,     call->header};

	strbuf_addc(out, call->body ? 'P' : 'G');
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		strbuf_addc(out, parts[i] ? '+' : '-');
		if (parts[i])
			strbuf_add(out, parts[i], strlen(parts[i]) + 1);
	}
}

static enum status connection_set(struct http_connection *connection, const struct http_call *call,
				  struct error *err)
{
	enum status status = target_allow(connection->client, call->url, &connection->target, err);

	if (status == STATUS_OK)
		status = headers_make(call, &connection->headers, err);
	if (status == STATUS_OK &&
	    (connection_set_fixed(connection) || connection_set_call(connection, call)))
		status = error_set(err, STATUS_INTERNAL, "libcurl does not take an option");
	return status;
}

/* Sets the handle anew, unless it is set so already: what was another call's is gone then. */
static enum status connection_prepare(struct http_connection *connection,
				      const struct http_call *call, struct error *err)
{
	struct strbuf *have = &connection->settings;
	struct strbuf want;
	enum status status;

	strbuf_init_secret(&want);
	settings_write(&want, call);
	if (strbuf_ok(&want) && want.len == have->len &&
	    memcmp(want.data, have->data, want.len) == 0) {
		strbuf_clear(&want);
		return STATUS_OK;
	}
	connection_forget(connection);
	status = strbuf_ok(&want) ? connection_set(connection, call, err) : error_no_memory(err);
	if (status != STATUS_OK) {
		strbuf_clear(&want);
		connection_forget(connection);
		return status;
	}
	*have = want;
	return STATUS_OK;
}

static const struct {
	CURLcode code;
	enum http_fault fault;
} faults[] = {
    {CURLE_COULDNT_RESOLVE_HOST,     FAULT_NO_NAME      },
    {CURLE_COULDNT_CONNECT,          FAULT_NO_CONNECTION},
    {CURLE_SSL_CONNECT_ERROR,        FAULT_TLS          },
    {CURLE_SSL_CERTPROBLEM,          FAULT_TLS          },
    {CURLE_SSL_CIPHER,               FAULT_TLS          },
    {CURLE_SSL_CACERT_BADFILE,       FAULT_TLS          },
    {CURLE_SSL_ISSUER_ERROR,         FAULT_TLS          },
    {CURLE_PEER_FAILED_VERIFICATION, FAULT_CERTIFICATE  },
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, FAULT_PIN          },
    {CURLE_FILESIZE_EXCEEDED,        FAULT_TOO_LARGE    },
    {CURLE_GOT_NOTHING,              FAULT_NO_ANSWER    },
    {CURLE_PARTIAL_FILE,             FAULT_BROKEN       },
    {CURLE_RECV_ERROR,               FAULT_BROKEN       },
    {CURLE_SEND_ERROR,               FAULT_BROKEN       },
    {CURLE_UNSUPPORTED_PROTOCOL,     FAULT_NOT_HTTP     },
    {CURLE_WEIRD_SERVER_REPLY,       FAULT_NOT_HTTP     },
    {CURLE_OUT_OF_MEMORY,            FAULT_MEMORY       },
};

static enum http_fault fault_of(CURLcode rc, bool sent)
{
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return sent ? FAULT_ANSWER_TIMEOUT : FAULT_CONNECT_TIMEOUT;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].code == rc)
			return faults[i].fault;
	return FAULT_OTHER;
}

/* REL-UP-3: the only three after which a call may be made once more. */
static enum http_reach reach_of(CURLcode rc)
{
	return rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_CONNECT ||
		       rc == CURLE_SSL_CONNECT_ERROR
		   ? HTTP_NOT_CONNECTED
		   : HTTP_NOT_REACHED;
}

static enum status failure(const struct http_connection *connection, CURLcode rc, int64_t left_ms,
			   struct error *err)
{
	const struct http_target *target = &connection->target;
	struct http_answer *answer = connection->answer;
	bool sent = answer->reach == HTTP_SENT;
	struct http_failure what = {
	    .fault = fault_of(rc, sent),
	    .origin = target->origin,
	    .words = curl_easy_strerror(rc),
	    .ms = sent ? (long)left_ms : connect_time(left_ms),
	};

	if (!sent)
		answer->reach = reach_of(rc);
	/* Elsewhere libcurl's own text may quote the URL, and an API key in it. */
	if (connection->why[0] && (what.fault == FAULT_TLS || what.fault == FAULT_CERTIFICATE))
		what.words = connection->why;
	if (connection->refused)
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", target->origin,
				 connection->refused);
	curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &what.os_error);
	curl_easy_getinfo(connection->easy, CURLINFO_SSL_VERIFYRESULT, &what.verify);
	return http_failure_say(&what, err);
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
				      const struct http_call *call, struct error *err)
{
	int64_t left_ms = clock_left_ms(call->deadline_ms);
	enum status status = STATUS_OK;
	CURLcode rc;

	if (left_ms <= 0) /* to libcurl a time-out of 0 is none */
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: the time allowed (key timeout) was used up before this call",
				 connection->target.origin);
	if (connection_set_one(connection, call, left_ms)) {
		connection_forget(connection);
		return error_set(err, STATUS_INTERNAL, "libcurl does not take an option");
	}
	rc = curl_easy_perform(connection->easy);
	if (rc == CURLE_OK)
		answer_read_head(connection->easy, connection->answer);
	else
		status = failure(connection, rc, left_ms, err);
	if (rc != CURLE_OK)
		connection_forget(connection);
	else if (call->body) /* the caller's, and not to be pointed to any longer */
		curl_easy_setopt(connection->easy, CURLOPT_POSTFIELDS, NULL);
	return status;
}

enum status http_connection_call(struct http_connection *connection, const struct http_call *call,
				 struct http_answer *out, struct error *err)
{
	enum status status;

	out->status = 0;
	out->content_type[0] = '\0';
	out->reach = HTTP_NOT_BEGUN;
	strbuf_reset(&out->body);
	status = connection_prepare(connection, call, err);
	if (status != STATUS_OK)
		return status;
	connection->answer = out;
	connection->refused = NULL;
	connection->why[0] = '\0';
	status = connection_perform(connection, call, err);
	connection->answer = NULL;
	return status;
}
