/*
 * What the tests of web/request share: a raw request, whose parameters and body are the test's.
 */
#ifndef TESTS_UNIT_REQUEST_FIXTURE_H
#define TESTS_UNIT_REQUEST_FIXTURE_H

#include "unit.h"
#include "web/request.h"

#define EXTRA_MAX 8

struct body {
	const char *data;
	size_t len, done;
	size_t step; /* bytes a read; 0: all */
	bool broken; /* -1 at the end */
};

static inline ssize_t read_body(void *io, void *buffer, size_t size)
{
	struct body *body = io;
	size_t left = body->len - body->done;
	size_t count = body->step && body->step < size ? body->step : size;

	if (left == 0)
		return body->broken ? -1 : 0;
	if (count > left)
		count = left;
	memcpy(buffer, body->data + body->done, count);
	body->done += count;
	return (ssize_t)count;
}

/* A GET of / and what params (a NULL-terminated list) add to it. */
static inline enum status read_with(const char *const *extra, struct request *req,
				    struct error *err)
{
	const char *params[EXTRA_MAX + 3] = {"REQUEST_METHOD=GET", "SCRIPT_NAME=/chat"};
	struct raw_request raw = {.params = (char *const *)params, .read = read_body};
	size_t n = 2;

	for (size_t i = 0; extra[i]; i++) {
		assert_true(i < EXTRA_MAX);
		params[n++] = extra[i];
	}
	params[n] = NULL;
	return request_read(&raw, req, err);
}

static inline enum status read_one(const char *param, struct request *req, struct error *err)
{
	const char *const extra[] = {param, NULL};

	return read_with(extra, req, err);
}

/* "NAME=" and n times a character; the caller frees. */
static inline char *long_param(const char *name, size_t n, char c)
{
	size_t len = strlen(name);
	char *param = malloc(len + n + 2);

	assert_non_null(param);
	memcpy(param, name, len);
	param[len] = '=';
	memset(param + len + 1, c, n);
	param[len + 1 + n] = '\0';
	return param;
}

#endif
