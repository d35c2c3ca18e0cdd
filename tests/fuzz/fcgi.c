/*
 * A connection of a web server: FastCGI's records over a socket pair, through the program's own
 * server and libfcgi. Oracle: what comes back is whole records of the same request, which begin
 * with a status and stop with an end, or nothing. Between them libfcgi refuses each request that
 * begins before the first one has ended. Management records are left out: libfcgi writes
 * the answer to some of them beyond its buffer, so only trusted peers may connect (serve/peers.c).
 * It also reads the padding of an empty record as the next record; no web server pads those.
 */
#include "fuzz.h"

#include <sys/socket.h>

#include "serve/server_parts.h"

/*
 * After a request that it refuses, libfcgi misreads what follows. It leaks 48 bytes for each
 * management record that it sees there.
 */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfcgi.so\n";
}

static void handle(void *app, const struct raw_request *raw, struct response *res)
{
	struct request req;
	struct error err = {0};

	(void)app;
	enum status status = request_read(raw, &req, &err);
	if (status == STATUS_OK)
		status = request_mount(&req, "", true, &err);
	if (status == STATUS_OK)
		status = request_body_read_any(raw, 1024, &req, &err);
	res->status = status_http(status);
	response_header(res, HEADER_X_REQUEST_ID, req.id);
	strbuf_addf(&res->body, "%zu bytes\n", req.body.len);
	request_clear(&req);
}

static bool is_left_out(const uint8_t *data, size_t size)
{
	while (size >= 8) {
		size_t len = (size_t)data[4] << 8 | data[5], whole = 8 + len + data[6];

		if (data[0] != 1 || data[1] > 8 || (data[2] == 0 && data[3] == 0) ||
		    (len == 0 && data[6] > 0))
			return true;
		data += whole < size ? whole : size;
		size -= whole < size ? whole : size;
	}
	return false;
}

/* An end with FCGI_CANT_MPX_CONN: one request at a time on a connection. */
static bool is_refusal(const uint8_t *record, size_t len)
{
	return record[1] == 3 && len == 8 && record[8 + 4] == 1;
}

/* FCGI_UNKNOWN_TYPE for a record of the connection itself, request 0: FastCGI 1.0, section 4.2. */
static bool is_unknown_type(const uint8_t *record, size_t len)
{
	return record[1] == 11 && len == 8 && record[2] == 0 && record[3] == 0;
}

static void check_answer(const uint8_t *data, size_t size, const uint8_t *id)
{
	bool begun = false, ended = false;

	for (size_t at = 0; at < size;) {
		const uint8_t *record = data + at;

		ORACLE(size - at >= 8 && record[0] == 1);
		size_t len = (size_t)record[4] << 8 | record[5], whole = 8 + len + record[6];
		ORACLE(whole <= size - at);
		at += whole;
		if (is_refusal(record, len) || is_unknown_type(record, len))
			continue;
		ORACLE(memcmp(record + 2, id + 2, 2) == 0);
		ORACLE(!ended && (record[1] == 6 || record[1] == 3));
		if (!begun && record[1] == 6 && len > 0)
			ORACLE(len >= 8 && memcmp(record + 8, "Status: ", 8) == 0);
		begun = true;
		ended = record[1] == 3;
	}
	ORACLE(ended || !begun);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct server_app app = {.handle = handle};
	struct server server = {.app = &app};
	uint8_t answer[8192];
	size_t len = 0;
	ssize_t got;
	int ends[2];
	static bool started;

	fuzz_start();
	if (!started)
		ORACLE(fcgi_start(NULL) == STATUS_OK);
	started = true;
	if (size > 60000 || is_left_out(data, size))
		return 0;
	ORACLE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	ORACLE(write(ends[0], data, size) == (ssize_t)size && shutdown(ends[0], SHUT_WR) == 0);
	fcgi_serve(&server, ends[1]);
	while ((got = read(ends[0], answer + len, sizeof(answer) - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	check_answer(answer, len, data);
	return 0;
}
