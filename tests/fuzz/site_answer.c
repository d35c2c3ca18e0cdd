/*
 * What a site answers when it is asked who a visitor is. The first line is the HTTP status and the
 * Content-Type. Oracle: somebody is known only by a 200 that is JSON, names a user and has not
 * ended.
 */
#include "fuzz.h"

#include "identity/site_http_answer.h"

#define NOW 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct site_answer answer = {0}, copy = {0};
	struct http_answer http;
	struct error err = {0};
	char *lines[2];

	fuzz_start();
	fuzz_lines(data, size, lines, 2);
	http_answer_init(&http);
	char *type = NULL;
	http.status = (int)(strtol(lines[0], &type, 10) % 1000);
	snprintf(http.content_type, sizeof(http.content_type), "%s", type + strspn(type, " "));
	size_t skip = strlen(lines[0]) + 1;
	if (skip < size)
		strbuf_add(&http.body, data + skip, size - skip);
	enum status status = site_answer_read(&http, NOW, &answer, &err);
	ORACLE(status == STATUS_OK || (status == STATUS_UNAVAILABLE && err.text[0] != '\0'));
	ORACLE(status == STATUS_OK || !answer.known);
	if (answer.known) {
		ORACLE(http.status == 200 && answer.user != NULL && answer.user[0] != '\0');
		ORACLE(answer.expires == 0 || answer.expires > NOW);
		ORACLE(utf8_valid(answer.user, strlen(answer.user)));
		ORACLE(memmem(http.body.data, http.body.len, "user", 4) != NULL ||
		       memchr(http.body.data, '\\', http.body.len) != NULL);
		ORACLE(site_answer_copy(&answer, &copy, NULL) == STATUS_OK);
		ORACLE(strcmp(copy.user, answer.user) == 0);
	}
	site_answer_clear(&copy);
	site_answer_clear(&answer);
	http_answer_clear(&http);
	fuzz_lines_free(lines, 2);
	return 0;
}
