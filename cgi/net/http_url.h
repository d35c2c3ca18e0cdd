/*
 * Parses URLs as a browser does: splits them into parts, and resolves references within a page.
 * Also parses the dates of HTTP. All these functions are here because they use libcurl.
 */
#ifndef NET_HTTP_URL_H
#define NET_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct http_url {
	bool https;
	char *host; /* owned, like path; lower case; an IPv6 address without its brackets */
	long port;
	char *path; /* at least "/" */
};

/*
 * Splits an http or https URL into its parts. Returns STATUS_BAD_REQUEST if the text is not such a
 * URL, or if it has credentials in it. The caller clears *out.
 */
enum status http_url_read(const char *text, struct http_url *out, struct error *err);
void http_url_clear(struct http_url *url); /* a zeroed struct is allowed */

/*
 * True if a script of a page at one URL is allowed to read answers from the other URL without CORS.
 */
bool http_url_same_origin(const struct http_url *a, const struct http_url *b);

/*
 * Returns the URL to which a reference ("/http-bind", "//host/x", "https://…") leads from a page.
 * The caller frees *out.
 */
enum status http_url_resolve(const char *page, const char *reference, char **out,
			     struct error *err);

/* Reads a date in one of HTTP's formats. Returns seconds since 1970, or 0 if it is not a date. */
int64_t http_date_read(const char *text);

#endif
