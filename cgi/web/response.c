/*
 * The only code that writes response headers. Names come from a table and values are checked, so no
 * value can add a header. The body is held back until the handler is done. So an error can replace
 * everything, and Content-Length is always right. The pages (page/) choose the values of the
 * security headers.
 */
#include "web/response.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"

static const char *const header_names[HEADER_COUNT] = {
    [HEADER_ALLOW] = "Allow",
    [HEADER_CACHE_CONTROL] = "Cache-Control",
    [HEADER_CONTENT_SECURITY_POLICY] = "Content-Security-Policy",
    [HEADER_CONTENT_TYPE] = "Content-Type",
    [HEADER_CROSS_ORIGIN_OPENER_POLICY] = "Cross-Origin-Opener-Policy",
    [HEADER_CROSS_ORIGIN_RESOURCE_POLICY] = "Cross-Origin-Resource-Policy",
    [HEADER_LOCATION] = "Location",
    [HEADER_PERMISSIONS_POLICY] = "Permissions-Policy",
    [HEADER_REFERRER_POLICY] = "Referrer-Policy",
    [HEADER_RETRY_AFTER] = "Retry-After",
    [HEADER_STRICT_TRANSPORT_SECURITY] = "Strict-Transport-Security",
    [HEADER_VARY] = "Vary",
    [HEADER_WWW_AUTHENTICATE] = "WWW-Authenticate",
    [HEADER_X_CONTENT_TYPE_OPTIONS] = "X-Content-Type-Options",
    [HEADER_X_FRAME_OPTIONS] = "X-Frame-Options",
    [HEADER_X_REQUEST_ID] = "X-Request-Id",
    [HEADER_X_ROBOTS_TAG] = "X-Robots-Tag",
};

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
    {200, "OK"			     },
    {303, "See Other"		      },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"		      },
    {404, "Not Found"		      },
    {405, "Method Not Allowed"             },
    {409, "Conflict"		       },
    {413, "Content Too Large"              },
    {414, "URI Too Long"                   },
    {415, "Unsupported Media Type"         },
    {429, "Too Many Requests"              },
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"          },
    {500, "Internal Server Error"          },
    {502, "Bad Gateway"                    },
    {503, "Service Unavailable"            },
    {504, "Gateway Timeout"                },
};

/* A page's headers take 850 bytes. malloc is fast for blocks of up to 1032 bytes. */
#define HEADERS_ROOM 1000

#define PLAIN_TEXT "text/plain; charset=utf-8"

/* Sent instead of a response that could not be built. Needs memory only for the output. */
#define FAILED_BODY "Something went wrong on our side.\n"
#define FAILED_HEADERS                                                                             \
	"Status: 500 Internal Server Error\r\n"                                                    \
	"Cache-Control: no-store\r\n"                                                              \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"                  \
	"Content-Type: " PLAIN_TEXT "\r\n"                                                         \
	"Referrer-Policy: same-origin\r\n"                                                         \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"X-Frame-Options: DENY\r\n"                                                                \
	"X-Robots-Tag: noindex, nofollow\r\n"

void response_init(struct response *res)
{
	*res = (struct response){.status = 200};
	strbuf_init_secret(&res->body);
}

static void headers_clear(struct response *res)
{
	for (size_t i = 0; i < HEADER_COUNT; i++) {
		free(res->copies[i]);
		res->copies[i] = NULL;
		res->headers[i] = NULL;
	}
}

static void cookies_clear(struct response *res)
{
	for (size_t i = 0; i < res->n_cookies; i++) {
		secret_free(res->cookies[i]); /* it can hold a session's token */
		res->cookies[i] = NULL;
	}
	res->n_cookies = 0;
}

void response_clear(struct response *res)
{
	headers_clear(res);
	cookies_clear(res);
	strbuf_clear(&res->body);
}

/*
 * Returns a copy of value. If value has a control character, or if out of memory, marks the
 * response as failed and returns NULL.
 */
static char *checked_copy(struct response *res, const char *value)
{
	char *copy = text_has_control(value) ? NULL : strdup(value);

	if (copy == NULL)
		res->failed = true;
	return copy;
}

static void header_set(struct response *res, enum response_header name, char *owned)
{
	free(res->copies[name]);
	res->copies[name] = owned;
	res->headers[name] = owned;
}

void response_header(struct response *res, enum response_header name, const char *value)
{
	header_set(res, name, value != NULL ? checked_copy(res, value) : NULL);
}

void response_header_take(struct response *res, enum response_header name, char *value)
{
	if (value == NULL || text_has_control(value))
		res->failed = true;
	header_set(res, name, value);
}

void response_header_constant(struct response *res, enum response_header name, const char *value)
{
	response_header(res, name, NULL);
	res->headers[name] = value;
}

void response_cookie(struct response *res, const char *set_cookie)
{
	char *copy;

	if (res->n_cookies == RESPONSE_COOKIES_MAX) {
		res->failed = true;
		return;
	}
	copy = checked_copy(res, set_cookie);
	if (copy != NULL)
		res->cookies[res->n_cookies++] = copy;
}

/*
 * A browser reads "//host" and "/\host" as addresses of another host. A path without a leading
 * slash is relative to the current address.
 */
static bool location_is_absolute(const char *location)
{
	if (location[0] == '/')
		return location[1] != '/' && location[1] != '\\';
	return strncmp(location, "https://", 8) == 0 || strncmp(location, "http://", 7) == 0;
}

void response_redirect(struct response *res, const char *location)
{
	if (!location_is_absolute(location)) {
		res->failed = true;
		return;
	}
	res->status = 303;
	response_header(res, HEADER_LOCATION, location);
	response_header_constant(res, HEADER_CONTENT_TYPE, PLAIN_TEXT);
	strbuf_reset(&res->body);
	strbuf_adds(&res->body, "See Other\n");
}

/* Returns NULL for a status that this program never sends. */
static const char *phrase_of(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return NULL;
}

static void add_header(struct strbuf *out, const char *name, const char *value)
{
	strbuf_adds(out, name);
	strbuf_add(out, ": ", 2);
	strbuf_adds(out, value);
	strbuf_add(out, "\r\n", 2);
}

static void add_status(struct strbuf *out, int status, const char *phrase)
{
	char number[CODEC_DECIMAL_SIZE];

	strbuf_adds(out, "Status: ");
	strbuf_adds(out, codec_decimal(number, status));
	strbuf_addc(out, ' ');
	strbuf_adds(out, phrase);
	strbuf_add(out, "\r\n", 2);
}

/* Writes Content-Length, which is the last header, and sets *body. For HEAD, *body is empty. */
static void end_headers(const struct response *res, const char *data, size_t len,
			struct strbuf *head, struct iovec *body)
{
	char length[CODEC_DECIMAL_SIZE];

	add_header(head, "Content-Length", codec_decimal(length, (long long)len));
	strbuf_adds(head, "\r\n");
	*body = (struct iovec){.iov_base = (char *)data, .iov_len = res->head ? 0 : len};
}

static void write_failed(const struct response *res, struct strbuf *head, struct iovec *body)
{
	strbuf_adds(head, FAILED_HEADERS);
	if (res->headers[HEADER_X_REQUEST_ID] != NULL)
		add_header(head, header_names[HEADER_X_REQUEST_ID],
			   res->headers[HEADER_X_REQUEST_ID]);
	end_headers(res, FAILED_BODY, strlen(FAILED_BODY), head, body);
}

void response_write(const struct response *res, struct strbuf *head, struct iovec *body)
{
	const char *phrase = phrase_of(res->status);

	if (res->failed || !strbuf_ok(&res->body) || phrase == NULL) {
		write_failed(res, head, body);
		return;
	}
	strbuf_reserve(head, HEADERS_ROOM);
	add_status(head, res->status, phrase);
	for (size_t i = 0; i < HEADER_COUNT; i++) {
		if (res->headers[i] != NULL)
			add_header(head, header_names[i], res->headers[i]);
	}
	if (res->headers[HEADER_CONTENT_TYPE] == NULL)
		add_header(head, header_names[HEADER_CONTENT_TYPE], PLAIN_TEXT);
	for (size_t i = 0; i < res->n_cookies; i++)
		add_header(head, "Set-Cookie", res->cookies[i]);
	end_headers(res, res->body.data, res->body.len, head, body);
}
