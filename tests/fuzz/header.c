/*
 * The writer of response headers. Values end with a NUL; the byte before each says of which
 * header. Oracle: no value adds a line or ends the head, and one with a control character makes
 * the response a 500.
 */
#include "fuzz.h"

#include "web/response.h"

#define VALUES_MAX 24

/* Each line of the head is "Name: value", with no control character in it. */
static size_t lines_check(const char *head, size_t len)
{
	const char *at = head, *end = head + len, *crlf;
	size_t count = 0;

	while ((crlf = memmem(at, (size_t)(end - at), "\r\n", 2)) != NULL && crlf != at) {
		const char *colon = memchr(at, ':', (size_t)(crlf - at));

		ORACLE(colon != NULL && colon > at && colon[1] == ' ');
		for (const char *c = at; c < crlf; c++)
			ORACLE((unsigned char)*c >= 0x20 && *c != 0x7f);
		at = crlf + 2;
		count++;
	}
	ORACLE(crlf == at && at + 2 == end); /* the empty line is the last one */
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response res;
	struct strbuf head;
	struct iovec body;
	size_t set = 0;
	bool bad = false;

	response_init(&res);
	strbuf_init(&head);
	for (size_t used = 0; used + 1 < size && set < VALUES_MAX; set++) {
		char *value = fuzz_text(data + used + 1, size - used - 1);

		bad |= text_has_control(value);
		unsigned what = data[used] % (HEADER_COUNT + 2);
		if (what == HEADER_COUNT)
			response_redirect(&res, value);
		else if (what > HEADER_COUNT)
			response_cookie(&res, value);
		else
			response_header(&res, (enum response_header)what, value);
		used += strlen(value) + 2;
		free(value);
	}
	response_write(&res, &head, &body);
	ORACLE(strbuf_ok(&head) && strlen(head.data) == head.len);
	ORACLE(lines_check(head.data, head.len) <= HEADER_COUNT + RESPONSE_COOKIES_MAX + 2);
	ORACLE(strncmp(head.data, "Status: ", 8) == 0);
	ORACLE(!bad || strncmp(head.data, "Status: 500 ", 12) == 0);
	strbuf_clear(&head);
	response_clear(&res);
	return 0;
}
