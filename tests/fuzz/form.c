/*
 * A form's body, as it comes in pieces. The first byte is the size of the pieces. Oracle: what is
 * accepted, written again and read again, is the same; and every text is UTF-8.
 */
#include "fuzz.h"

#include "web/request.h"

struct body {
	const char *data;
	size_t len, step;
};

static ssize_t read_body(void *io, void *buffer, size_t size)
{
	struct body *body = io;
	size_t len = size < body->step ? size : body->step;

	len = len < body->len ? len : body->len;
	memcpy(buffer, body->data, len);
	body->data += len;
	body->len -= len;
	return (ssize_t)len;
}

static enum status read_form(const char *text, size_t len, size_t step, struct request *req)
{
	char length[64];
	const char *params[] = {"REQUEST_METHOD=POST",
				"CONTENT_TYPE=application/x-www-form-urlencoded", length, NULL};
	struct body body = {text, len, step};
	struct raw_request raw = {.params = (char *const *)params, .read = read_body, .io = &body};

	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", len);
	ORACLE(request_read(&raw, req, NULL) == STATUS_OK);
	return request_body_read(&raw, 8192, req, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request req, again;
	struct strbuf text;

	fuzz_start();
	enum status status =
	    read_form(size > 1 ? (const char *)data + 1 : "", size > 1 ? size - 1 : 0,
		      size > 0 && data[0] > 0 ? data[0] : 1, &req);
	strbuf_init(&text);
	for (size_t i = 0; status == STATUS_OK && i < req.form.count; i++) {
		const struct field *field = &req.form.items[i];

		ORACLE(utf8_valid(field->name, strlen(field->name)));
		ORACLE(utf8_valid(field->value, strlen(field->value)));
		codec_percent(&text, field->name);
		strbuf_addc(&text, '=');
		codec_percent(&text, field->value);
		strbuf_addc(&text, '&');
	}
	if (status == STATUS_OK && text.len <= 8192) {
		ORACLE(read_form(text.data, text.len, SIZE_MAX, &again) == STATUS_OK);
		ORACLE(again.form.count == req.form.count);
		for (size_t i = 0; i < req.form.count; i++)
			ORACLE(strcmp(req.form.items[i].value, again.form.items[i].value) == 0);
		request_clear(&again);
	}
	strbuf_clear(&text);
	request_clear(&req);
	return 0;
}
