/*
 * Takes addresses apart by libcurl's own parser, so that they mean the same as in a call.
 */
#include "net/http_url.h"

#include <stdlib.h>
#include <string.h>

#include "net/http_curl.h"

/* Copies a part; an IPv6 address loses its brackets. NULL: there is no such part. */
static char *part_dup(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	char *copy = NULL;

	if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return NULL;
	size_t len = strlen(text);
	copy = len > 2 && text[0] == '[' ? strndup(text + 1, len - 2) : strdup(text);
	curl_free(text);
	return copy;
}

static enum status parts_take(CURLU *url, struct http_url *out, struct error *err)
{
	char *scheme = part_dup(url, CURLUPART_SCHEME);
	char *port = part_dup(url, CURLUPART_PORT);
	struct http_url parts = {
	    .host = part_dup(url, CURLUPART_HOST),
	    .path = part_dup(url, CURLUPART_PATH),
	    .https = scheme != NULL && strcmp(scheme, "https") == 0,
	    .port = port != NULL ? strtol(port, NULL, 10) : 0,
	};
	bool http = parts.https || (scheme != NULL && strcmp(scheme, "http") == 0);

	free(scheme);
	free(port);
	if (http && parts.host != NULL && parts.path != NULL) {
		for (char *c = parts.host; *c != '\0'; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
		*out = parts;
		return STATUS_OK;
	}
	http_url_clear(&parts);
	return error_set(err, STATUS_BAD_REQUEST, "only http:// and https:// addresses are known");
}

enum status http_url_read(const char *text, struct http_url *out, struct error *err)
{
	CURLU *url = curl_url();
	enum status status = STATUS_BAD_REQUEST;

	if (url == NULL)
		return error_no_memory(err);
	if (curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK)
		status = parts_take(url, out, err);
	else
		error_set(err, status, "'%s' is not an address: write https://HOST/PATH/", text);
	curl_url_cleanup(url);
	return status;
}

void http_url_clear(struct http_url *url)
{
	free(url->host);
	free(url->path);
	*url = (struct http_url){0};
}

bool http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

enum status http_url_resolve(const char *page, const char *reference, char **out, struct error *err)
{
	CURLU *url = curl_url();
	char *text = NULL;
	char *copy = NULL;
	bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, page, 0) == CURLUE_OK &&
		  curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK &&
		  curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK;

	if (ok)
		copy = strdup(text);
	curl_free(text);
	curl_url_cleanup(url);
	if (!ok)
		return error_set(err, STATUS_BAD_REQUEST,
				 "'%s' is not an address that a page can refer to", reference);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

int64_t http_date_read(const char *text)
{
	time_t seconds = curl_getdate(text, NULL);

	return seconds > 0 ? (int64_t)seconds : 0;
}
