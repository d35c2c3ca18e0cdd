/*
 * One HTTP response. It is buffered, so an error can still replace it. Only this module writes
 * headers: names come from a constant table, and values are checked. A control character in a value
 * turns the response into a 500, so no value can add a header.
 */
#ifndef WEB_RESPONSE_H
#define WEB_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/status.h"
#include "base/strbuf.h"

enum response_header { /* the only headers that a response can have */
		       HEADER_ALLOW,
		       HEADER_CACHE_CONTROL,
		       HEADER_CONTENT_SECURITY_POLICY,
		       HEADER_CONTENT_TYPE,
		       HEADER_CROSS_ORIGIN_OPENER_POLICY,
		       HEADER_CROSS_ORIGIN_RESOURCE_POLICY,
		       HEADER_LOCATION,
		       HEADER_PERMISSIONS_POLICY,
		       HEADER_REFERRER_POLICY,
		       HEADER_RETRY_AFTER,
		       HEADER_STRICT_TRANSPORT_SECURITY,
		       HEADER_VARY,
		       HEADER_WWW_AUTHENTICATE,
		       HEADER_X_CONTENT_TYPE_OPTIONS,
		       HEADER_X_FRAME_OPTIONS,
		       HEADER_X_REQUEST_ID,
		       HEADER_X_ROBOTS_TAG,
		       HEADER_COUNT
};

#define RESPONSE_COOKIES_MAX 4

struct response {
	int status;                          /* the HTTP status */
	const char *headers[HEADER_COUNT];   /* NULL if not sent */
	char *copies[HEADER_COUNT];          /* owned; only of values that are not constants */
	char *cookies[RESPONSE_COOKIES_MAX]; /* owned; whole Set-Cookie values */
	size_t n_cookies;
	struct strbuf body; /* secret, because it can hold sid and rid */
	bool head;          /* for HEAD: send the body's Content-Length, but no body */
	bool failed;        /* out of memory, or a value with a control character */
};

void response_init(struct response *res); /* sets status 200 and no headers */
void response_clear(struct response *res);

/* Sets a header and replaces its earlier value. A NULL value removes the header. */
void response_header(struct response *res, enum response_header name, const char *value);

/*
 * Like response_header, but takes ownership of value and frees it with free(). A NULL value marks
 * the response as failed.
 */
void response_header_take(struct response *res, enum response_header name, char *value);

/* Like response_header, but value is borrowed, so it must be a constant of the program. */
void response_header_constant(struct response *res, enum response_header name, const char *value);

void response_cookie(struct response *res, const char *set_cookie);

/* Redirects with 303 to an absolute path or an http(s) URL. The body is one short line. */
void response_redirect(struct response *res, const char *location);

/*
 * Writes the response as CGI text. head receives "Status: …", the headers and an empty line. *body
 * is the body that follows, borrowed from the response. A failed response becomes a plain 500.
 */
void response_write(const struct response *res, struct strbuf *head, struct iovec *body);

#endif
