/*
 * The parameters of CGI: each line is "NAME=value". Oracle: what is read keeps its promises: the
 * host is in lower case and has no port, our own origin is one, and the query is UTF-8.
 */
#include "fuzz.h"

#include "web/csrf.h"
#include "web/request.h"

#define LINES_MAX 220

static void check(const struct request *req)
{
	ORACLE(strspn(req->id, "0123456789abcdef") == REQUEST_ID_LEN);
	ORACLE(strspn(req->nonce, "0123456789abcdef") == REQUEST_NONCE_LEN);
	for (const char *c = req->host; *c != '\0'; c++)
		ORACLE(*c > ' ' && !(*c >= 'A' && *c <= 'Z') &&
		       strchr("/\\@?#%\"'<>,;", *c) == NULL);
	ORACLE(req->origin_self[0] == '\0' ||
	       strncmp(req->origin_self, req->https ? "https://" : "http://", 7) == 0);
	ORACLE(!text_has_control(req->origin_self));
	ORACLE(strchr(req->content_type, ';') == NULL);
	ORACLE(req->query.count <= REQUEST_FIELDS_MAX);
	for (size_t i = 0; i < req->query.count; i++) {
		ORACLE(utf8_valid(req->query.items[i].name, strlen(req->query.items[i].name)));
		ORACLE(utf8_valid(req->query.items[i].value, strlen(req->query.items[i].value)));
	}
	/* a page of another site may neither change nor read anything */
	if (req->fetch_site != NULL && strcmp(req->fetch_site, "same-origin") != 0) {
		ORACLE(csrf_check_post(req, false) != STATUS_OK);
		ORACLE(csrf_check_fetch(req) != STATUS_OK);
	}
	csrf_may_bind(req);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[LINES_MAX + 1];
	struct request req;
	struct error err = {0};

	fuzz_start();
	fuzz_lines(data, size, lines, LINES_MAX);
	size_t count = LINES_MAX;
	while (count > 0 && lines[count - 1][0] == '\0')
		free(lines[--count]);
	lines[count] = NULL;
	const struct raw_request raw = {.params = lines};
	enum status status = request_read(&raw, &req, &err);
	if (status == STATUS_OK)
		check(&req);
	else
		ORACLE(err.text[0] != '\0' && status_http(status) >= 400 &&
		       status_http(status) < 500);
	request_clear(&req);
	fuzz_lines_free(lines, count);
	return 0;
}
