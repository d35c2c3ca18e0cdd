/*
 * Sets the options of a libcurl handle. The tables below have the options that are the same for
 * every call. All options stay set while calls differ only in body and deadline, which http_call.c
 * sets. This file also has libcurl's callbacks, the target of a call, and the rule for plain http.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/address.h"
#include "base/codec.h"
#include "base/secret.h"
#include "net/http_curl.h"

/* ---- libcurl's callbacks ---- */

/*
 * The JDK's HTTP server, used by Tigase, writes head and body in two packets. With delayed ACKs the
 * second packet waits 40 ms for our ACK. So on_header sets TCP_QUICKACK. It sets the option for
 * each answer, because the kernel clears the option by itself. The descriptor is stored here for
 * on_header, because CURLINFO_ACTIVESOCKET is not set inside a callback.
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
	if (connection->client->inspect) {
		if (line_begins(line, len, "HTTP/"))
			strbuf_reset(&connection->answer->head);
		strbuf_add(&connection->answer->head, line, len);
		return len;
	}
	if (line_begins(line, len, "Content-Encoding:")) {
		connection->refused =
		    "the answer is compressed, although the request did not allow it";
		return 0;
	}
	return len;
}

static size_t answer_max(const struct http_connection *connection)
{
	return connection->client->inspect ? HTTP_INSPECT_MAX : HTTP_ANSWER_MAX;
}

const char *http_too_large(const struct http_client *client)
{
	return client->inspect ? "the answer is larger than 4 MiB"
			       : "the answer is larger than 64 KiB";
}

/*
 * Checks the length before it stores the data, because one callback can deliver more than the
 * limit.
 */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_connection *connection = arg;
	struct strbuf *body = &connection->answer->body;
	size_t len = size * count;
	size_t max = answer_max(connection);

	if (len > max || body->len > max - len) {
		connection->refused = http_too_large(connection->client);
		return 0;
	}
	strbuf_add(body, data, len);
	if (!strbuf_ok(body)) {
		connection->refused = "out of memory while reading the answer";
		return 0;
	}
	return len;
}

static int callbacks_set(struct http_connection *connection)
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

/* ---- the settings ---- */

#define CONNECTION_AGE_S  25  /* Tigase closes idle connections after 31 to 35 s */
#define CONNECTION_LIFE_S 600 /* certificates are checked only when a connection is opened */
#define DNS_CACHE_S       30

/*
 * MAXCONNECTS is 1, because on_socket remembers only one descriptor, and a pool rarely calls
 * several upstreams.
 */
static const struct {
	CURLoption option;
	long value;
} fixed_numbers[] = {
    {CURLOPT_NOSIGNAL,          1                      },
    {CURLOPT_HTTP_VERSION,      CURL_HTTP_VERSION_1_1  },
    {CURLOPT_HTTP09_ALLOWED,    0                      },
    {CURLOPT_FOLLOWLOCATION,    0                      },
    {CURLOPT_NETRC,             CURL_NETRC_IGNORED     },
    {CURLOPT_UNRESTRICTED_AUTH, 0                      },
    {CURLOPT_SSL_VERIFYPEER,    1                      },
    {CURLOPT_SSL_VERIFYHOST,    2                      },
    {CURLOPT_SSLVERSION,        CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_MAXCONNECTS,       1                      },
    {CURLOPT_MAXAGE_CONN,       CONNECTION_AGE_S       },
    {CURLOPT_MAXLIFETIME_CONN,  CONNECTION_LIFE_S      },
    {CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S            },
};

static const struct {
	CURLoption option;
	const char *value;
} fixed_texts[] = {
    {CURLOPT_PROXY,   "" }, /* also ignores the environment's proxy */
    {CURLOPT_NOPROXY, "*"},
};

static int set_fixed(struct http_connection *connection)
{
	CURL *easy = connection->easy;
	int bad = 0;

	for (size_t i = 0; i < sizeof(fixed_numbers) / sizeof(fixed_numbers[0]); i++)
		bad |= (int)curl_easy_setopt(easy, fixed_numbers[i].option, fixed_numbers[i].value);
	for (size_t i = 0; i < sizeof(fixed_texts) / sizeof(fixed_texts[0]); i++)
		bad |= (int)curl_easy_setopt(easy, fixed_texts[i].option, fixed_texts[i].value);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->why);
	return bad | callbacks_set(connection);
}

/*
 * Sets the options that depend on the client and the call. It uses CURLOPT_CURLU, because libcurl
 * would parse CURLOPT_URL again at each call.
 */
static int set_own(struct http_connection *connection, const char *method)
{
	const struct http_client *client = connection->client;
	const char *scheme = connection->target.https ? "https" : "http";
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_CURLU, connection->url);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, connection->headers);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, (long)answer_max(connection));
	if (method != NULL)
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	if (client->inspect)
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (client->ca_file[0])
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
	if (client->pins[0])
		bad |= (int)curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, client->pins);
	return bad;
}

/* ---- headers ---- */

/*
 * Refuses control characters, because libcurl does not check for CR and LF, which would start
 * another header.
 */
static enum status header_add(struct curl_slist **list, const char *name, const char *value,
			      struct error *err)
{
	struct strbuf line;
	struct curl_slist *longer = NULL;

	if (text_has_control(value))
		return error_set(err, STATUS_BAD_REQUEST,
				 "a header of the request contains a control character");
	strbuf_init_secret(&line);
	strbuf_adds(&line, name);
	strbuf_adds(&line, value);
	if (strbuf_ok(&line))
		longer = curl_slist_append(*list, line.data);
	strbuf_clear(&line);
	if (longer == NULL)
		return error_no_memory(err);
	*list = longer;
	return STATUS_OK;
}

/*
 * Adds the Authorization header (RFC 7617). libcurl would encode CURLOPT_USERNAME again at each
 * call.
 */
static enum status login_add(struct curl_slist **list, const struct http_call *call,
			     struct error *err)
{
	struct strbuf login, encoded;
	enum status status;

	strbuf_init_secret(&login);
	strbuf_init_secret(&encoded);
	strbuf_adds(&login, call->user);
	strbuf_addc(&login, ':');
	strbuf_adds(&login, call->password);
	codec_base64(&encoded, (const unsigned char *)login.data, login.len);
	status = strbuf_ok(&login) && strbuf_ok(&encoded)
		     ? header_add(list, "Authorization: Basic ", encoded.data, err)
		     : error_no_memory(err);
	strbuf_clear(&login);
	strbuf_clear(&encoded);
	return status;
}

/* "Name:" without a value removes libcurl's own header. */
static enum status headers_make(const struct http_call *call, struct curl_slist **list,
				struct error *err)
{
	enum status status = header_add(list, "Expect:", "", err);

	if (status == STATUS_OK) /* libcurl would format CURLOPT_USERAGENT again at each call */
		status = header_add(list, "User-Agent: ", "prebind/" PREBIND_VERSION, err);
	if (status == STATUS_OK)
		status = call->accept != NULL ? header_add(list, "Accept: ", call->accept, err)
					      : header_add(list, "Accept:", "", err);
	if (status == STATUS_OK && call->content_type != NULL)
		status = header_add(list, "Content-Type: ", call->content_type, err);
	if (status == STATUS_OK && call->user != NULL)
		status = login_add(list, call, err);
	if (status == STATUS_OK && call->header != NULL)
		status = header_add(list, "", call->header, err);
	for (size_t i = 0; status == STATUS_OK && call->headers != NULL && call->headers[i]; i++)
		status = header_add(list, "", call->headers[i], err);
	if (status == STATUS_OK && call->host != NULL)
		status = header_add(list, "Host: ", call->host, err);
	if (status == STATUS_OK && call->cookie != NULL)
		status = header_add(list, "Cookie: ", call->cookie, err);
	return status;
}

static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *line = list; line != NULL; line = line->next)
		secret_wipe(line->data, strlen(line->data)); /* a header can hold a password */
	curl_slist_free_all(list);
}

/* ---- the settings of a handle, and changing them ---- */

void http_settings_forget(struct http_connection *connection)
{
	curl_easy_reset(connection->easy);
	headers_free(connection->headers);
	connection->headers = NULL;
	curl_url_cleanup(connection->url);
	connection->url = NULL;
	strbuf_clear(&connection->settings);
}

static void setting_write(struct strbuf *out, const char *value)
{
	strbuf_addc(out, value != NULL ? '+' : '-');
	if (value != NULL)
		strbuf_add(out, value, strlen(value) + 1);
}

/*
 * Writes all settings of a call, except its body and deadline, as one string. Equal strings mean
 * equal settings.
 */
static void settings_write(struct strbuf *out, const struct http_call *call)
{
	const char *const parts[] = {call->url,  call->content_type, call->accept,
				     call->user, call->password,     call->header,
				     call->host, call->cookie,       call->method};

	strbuf_addc(out, call->body != NULL ? 'P' : 'G');
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		setting_write(out, parts[i]);
	for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++)
		setting_write(out, call->headers[i]);
}

static enum status handle_set(struct http_connection *connection, const struct http_call *call,
			      struct error *err)
{
	enum status status;

	connection->url = curl_url();
	if (connection->url == NULL)
		return error_no_memory(err);
	status = http_target_read(connection->url, call->url, &connection->target, err);
	if (status == STATUS_OK)
		status = http_target_allow(connection->client, &connection->target, err);
	if (status == STATUS_OK)
		status = headers_make(call, &connection->headers, err);
	if (status == STATUS_OK && (set_fixed(connection) || set_own(connection, call->method)))
		status = error_set(err, STATUS_INTERNAL, "libcurl refuses an option");
	return status;
}

/* If the settings differ, the handle is reset first, so nothing of the former call remains. */
enum status http_settings_make(struct http_connection *connection, const struct http_call *call,
			       struct error *err)
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
	http_settings_forget(connection);
	status = strbuf_ok(&want) ? handle_set(connection, call, err) : error_no_memory(err);
	if (status != STATUS_OK) {
		strbuf_clear(&want);
		http_settings_forget(connection);
		return status;
	}
	*have = want;
	return STATUS_OK;
}

/* ---- the target of a call ---- */

static bool host_is_loopback(const char *host)
{
	char bare[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0) /* libcurl resolves it without DNS */
		return true;
	if (host[0] != '[')
		return address_is_loopback(host);
	if (len < 3 || len - 2 >= sizeof(bare))
		return false;
	memcpy(bare, host + 1, len - 2);
	bare[len - 2] = '\0';
	return address_is_loopback(bare);
}

/* Returns STATUS_BAD_REQUEST if the scheme is not supported. */
static enum status target_set(struct http_target *target, const char *scheme, const char *host,
			      const char *port, struct error *err)
{
	bool https = strcmp(scheme, "https") == 0;

	if (!https && strcmp(scheme, "http") != 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the URL has the scheme %s: only https and http are supported",
				 scheme);
	*target = (struct http_target){.https = https, .loopback = host_is_loopback(host)};
	snprintf(target->origin, sizeof(target->origin), "%s://%s:%s", scheme, host, port);
	return STATUS_OK;
}

static enum status parts_read(CURLU *url, struct http_target *out, struct error *err)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	enum status status;

	CURLUcode rc = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(url, CURLUPART_HOST, &host, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	if (rc == CURLUE_OK)
		status = target_set(out, scheme, host, port, err);
	else if (rc == CURLUE_OUT_OF_MEMORY)
		status = error_no_memory(err);
	else
		status = error_set(err, STATUS_BAD_REQUEST,
				   "not a complete URL: write http://HOST:PORT/PATH");
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return status;
}

enum status http_target_read(CURLU *url, const char *text, struct http_target *out,
			     struct error *err)
{
	CURLUcode rc =
	    curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);

	if (rc == CURLUE_OK)
		return parts_read(url, out, err);
	if (rc == CURLUE_OUT_OF_MEMORY)
		return error_no_memory(err);
	if (rc == CURLUE_USER_NOT_ALLOWED)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the URL contains a user name or a password: set them by their own keys");
	return error_set(err, STATUS_BAD_REQUEST, "not a URL: write http://HOST:PORT/PATH");
}

enum status http_target_allow(const struct http_client *client, const struct http_target *target,
			      struct error *err)
{
	const char *key = client->http_key;

	if (target->https || target->loopback || client->allow_http)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "%s: plain http would show passwords to the network: use https or a "
			 "loopback address%s%s%s",
			 target->origin, key != NULL ? ", or set " : "", key != NULL ? key : "",
			 key != NULL ? " = on" : "");
}
