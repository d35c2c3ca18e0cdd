/*
 * A FastCGI client for one small request without a body (FastCGI specification, sections 3 and 5).
 */
#include "ctl/server_call.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"

#define CALL_MS    10000
#define HEADER_LEN 8
#define BLOCK_MAX  4096
#define ANSWER_MAX (1024 * 1024)

enum { FCGI_VERSION = 1, FCGI_ID = 1 };
enum record_type { RECORD_BEGIN = 1, RECORD_END = 3, RECORD_PARAMS, RECORD_STDIN, RECORD_STDOUT };

static void add_record(struct strbuf *out, enum record_type type, const void *data, size_t len)
{
	const unsigned char head[HEADER_LEN] = {
	    FCGI_VERSION, (unsigned char)type,       0,
	    FCGI_ID,      (unsigned char)(len >> 8), (unsigned char)len};

	strbuf_add(out, head, sizeof(head));
	strbuf_add(out, data, len);
}

static void add_length(struct strbuf *out, size_t len)
{
	const unsigned char large[] = {(unsigned char)(len >> 24 | 0x80),
				       (unsigned char)(len >> 16), (unsigned char)(len >> 8),
				       (unsigned char)len};

	if (len < 0x80)
		strbuf_addc(out, (char)len);
	else
		strbuf_add(out, large, sizeof(large));
}

static void add_param(struct strbuf *out, const char *name, const char *value)
{
	add_length(out, strlen(name));
	add_length(out, strlen(value));
	strbuf_adds(out, name);
	strbuf_adds(out, value);
}

/*
 * Adds the token from the file. With trusted proxies the server requires the token, because a
 * request from this machine can then come from any visitor.
 */
static void add_token(struct strbuf *out, const char *file)
{
	struct strbuf token, value;

	strbuf_init_secret(&token);
	strbuf_init_secret(&value);
	if (file[0] != '\0' && secret_file_read(file, &token, NULL) == STATUS_OK) {
		strbuf_addf(&value, "Bearer %s", token.data);
		if (strbuf_ok(&value))
			add_param(out, "HTTP_AUTHORIZATION", value.data);
		out->failed |= !strbuf_ok(&value);
	}
	strbuf_clear(&value);
	strbuf_clear(&token);
}

static void add_params(const struct ctl *ctl, const char *path, struct strbuf *out)
{
	const struct site_conf *site = ctl->site != NULL ? ctl->site : ctl->conf->sites;
	struct strbuf uri;

	strbuf_init(&uri);
	strbuf_addf(&uri, "%s%s", site->base_path, path);
	add_param(out, "GATEWAY_INTERFACE", "CGI/1.1");
	add_param(out, "SERVER_PROTOCOL", "HTTP/1.1");
	add_param(out, "REQUEST_METHOD", "GET");
	add_param(out, "REQUEST_URI", strbuf_ok(&uri) ? uri.data : path);
	add_param(out, "SCRIPT_NAME", site->base_path);
	add_param(out, "PATH_INFO", path);
	add_param(out, "QUERY_STRING", "");
	add_param(out, "REMOTE_ADDR", "::1");
	add_param(out, "HTTPS", "on");
	add_param(out, "HTTP_HOST", site->hosts.count > 0 ? site->hosts.items[0] : "localhost");
	add_param(out, "HTTP_ACCEPT", "application/json");
	add_token(out, ctl->conf->server.status_token_file);
	strbuf_clear(&uri);
}

static void add_request(const struct ctl *ctl, const char *path, struct strbuf *out)
{
	const unsigned char responder[8] = {0, 1};
	struct strbuf params;

	strbuf_init_secret(&params);
	add_params(ctl, path, &params);
	add_record(out, RECORD_BEGIN, responder, sizeof(responder));
	add_record(out, RECORD_PARAMS, params.data, params.len);
	add_record(out, RECORD_PARAMS, "", 0);
	add_record(out, RECORD_STDIN, "", 0);
	out->failed |= !strbuf_ok(&params) || params.len > BLOCK_MAX;
	strbuf_clear(&params);
}

static enum status open_socket(const struct server_conf *conf, int *out, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(conf->listen);

	if (len == 0)
		return error_set(err, STATUS_NOT_FOUND,
				 "the key listen in [server] is empty, so prebindctl cannot "
				 "connect to the server; request /status through the web server");
	if (len >= sizeof(address.sun_path))
		return error_set(err, STATUS_BAD_REQUEST, "%s: the path is too long", conf->listen);
	memcpy(address.sun_path, conf->listen, len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		*out = fd;
		return STATUS_OK;
	}
	error_set(err, STATUS_UNAVAILABLE, "%s: the server does not answer: %m; %s", conf->listen,
		  errno == EACCES ? "run prebindctl as root, or as an account in peer_users"
				  : "start prebind (systemctl start prebind)");
	if (fd >= 0)
		close(fd);
	return STATUS_UNAVAILABLE;
}

/* Reads everything until the server closes the connection. */
static enum status read_all(int fd, struct strbuf *out, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + CALL_MS;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char block[BLOCK_MAX];

	while (out->len < ANSWER_MAX) {
		ssize_t n;
		int ready = poll(&readable, 1, (int)clock_left_ms(deadline_ms));

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return error_set(err, STATUS_UNAVAILABLE, "poll: %m");
		if (ready == 0)
			return error_set(err, STATUS_UNAVAILABLE,
					 "the server did not answer within %d s", CALL_MS / 1000);
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return STATUS_OK;
		strbuf_add(out, block, (size_t)n);
	}
	return STATUS_OK;
}

/* Joins the contents of the FastCGI records to one CGI answer. */
static void unpack(const struct strbuf *records, struct strbuf *out)
{
	const unsigned char *at = (const unsigned char *)records->data;
	size_t left = records->len;

	while (left >= HEADER_LEN) {
		size_t len = (size_t)at[4] << 8 | at[5];
		size_t whole = HEADER_LEN + len + at[6];

		if (whole > left)
			return;
		if (at[1] == RECORD_STDOUT)
			strbuf_add(out, at + HEADER_LEN, len);
		at += whole;
		left -= whole;
	}
}

/* Copies the answer's body, which follows the header and an empty line. */
static enum status take_body(const struct strbuf *answer, struct strbuf *body, struct error *err)
{
	const char *end = answer->len > 0 ? strstr(answer->data, "\r\n\r\n") : NULL;
	const char *status = end != NULL ? strstr(answer->data, "Status: ") : NULL;
	long code =
	    status != NULL && status < end ? strtol(status + strlen("Status: "), NULL, 10) : 200;

	if (end == NULL)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the server closed the connection without an answer; check that "
				 "peer_users contains this account");
	if (code == 404)
		return error_set(err, STATUS_NOT_FOUND,
				 "the server answered 404, because it does "
				 "not have this page");
	if (code != 200)
		return error_set(err, STATUS_UNAVAILABLE,
				 "the server answered %ld; look at the server's log", code);
	strbuf_adds(body, end + strlen("\r\n\r\n"));
	return strbuf_ok(body) ? STATUS_OK : error_no_memory(err);
}

static enum status exchange(int fd, const struct strbuf *request, struct strbuf *answer,
			    struct error *err)
{
	struct strbuf records;
	enum status status;

	if (!strbuf_ok(request))
		return error_no_memory(err);
	if (send(fd, request->data, request->len, MSG_NOSIGNAL) != (ssize_t)request->len)
		return error_set(err, STATUS_UNAVAILABLE, "the server closed the connection: %m");
	strbuf_init(&records);
	status = read_all(fd, &records, err);
	if (status == STATUS_OK)
		unpack(&records, answer);
	if (status == STATUS_OK && (!strbuf_ok(&records) || !strbuf_ok(answer)))
		status = error_no_memory(err);
	strbuf_clear(&records);
	return status;
}

enum status server_call(const struct ctl *ctl, const char *path, struct strbuf *body,
			struct error *err)
{
	struct strbuf request, answer;
	int fd = -1;

	strbuf_init(body);
	enum status status = open_socket(&ctl->conf->server, &fd, err);
	if (status != STATUS_OK)
		return status;
	strbuf_init_secret(&request);
	strbuf_init(&answer);
	add_request(ctl, path, &request);
	status = exchange(fd, &request, &answer, err);
	if (status == STATUS_OK)
		status = take_body(&answer, body, err);
	strbuf_clear(&answer);
	strbuf_clear(&request);
	close(fd);
	return status;
}
