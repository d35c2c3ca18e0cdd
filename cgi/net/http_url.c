/*
 * Splits URLs into their parts with libcurl's own parser, so that a call uses the same parts.
 */
#include "net/http_url.h"

#include <stdlib.h>
#include <string.h>

#include "net/http_curl.h"

/* Copies a part of the URL. Removes the brackets of an IPv6 address. */
static CURLUcode part_dup(CURLU *url, CURLUPart part, char **out)
{
	char *text = NULL;
	CURLUcode rc = curl_url_get(url, part, &text, CURLU_DEFAULT_PORT);

	if (rc != CURLUE_OK)
		return rc;
	size_t len = strlen(text);
	*out = len > 2 && text[0] == '[' ? strndup(text + 1, len - 2) : strdup(text);
	curl_free(text);
	return *out != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

static enum status parts_take(CURLU *url, struct http_url *out, struct error *err)
{
	char *scheme = NULL;
	char *port = NULL;
	struct http_url parts = {0};

	CURLUcode rc = part_dup(url, CURLUPART_SCHEME, &scheme);
	if (rc == CURLUE_OK)
		rc = part_dup(url, CURLUPART_PORT, &port);
	if (rc == CURLUE_OK)
		rc = part_dup(url, CURLUPART_HOST, &parts.host);
	if (rc == CURLUE_OK)
		rc = part_dup(url, CURLUPART_PATH, &parts.path);
	parts.https = rc == CURLUE_OK && strcmp(scheme, "https") == 0;
	parts.port = port != NULL ? strtol(port, NULL, 10) : 0;
	bool known = rc == CURLUE_OK && (parts.https || strcmp(scheme, "http") == 0);
	free(scheme);
	free(port);
	if (known) {
		for (char *c = parts.host; *c != '\0'; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
		*out = parts;
		return STATUS_OK;
	}
	http_url_clear(&parts);
	if (rc == CURLUE_OUT_OF_MEMORY)
		return error_no_memory(err);
	return error_set(err, STATUS_BAD_REQUEST,
			 "only http:// and https:// addresses are supported");
}

/* True if there is no host after "://". libcurl would read https:///chat/ as https://chat/. */
static bool lacks_host(const char *text)
{
	const char *host = strstr(text, "://");

	return host != NULL && host[strlen("://")] == '/';
}

enum status http_url_read(const char *text, struct http_url *out, struct error *err)
{
	CURLU *url = curl_url();
	enum status status;

	if (url == NULL)
		return error_no_memory(err);
	CURLUcode rc = lacks_host(text)
			   ? CURLUE_MALFORMED_INPUT
			   : curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
	if (rc == CURLUE_OK)
		status = parts_take(url, out, err);
	else if (rc == CURLUE_OUT_OF_MEMORY)
		status = error_no_memory(err);
	else
		status = error_set(err, STATUS_BAD_REQUEST,
				   "'%s' is not an address: write https://HOST/PATH/", text);
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
	CURLUcode rc =
	    url == NULL ? CURLUE_OUT_OF_MEMORY : curl_url_set(url, CURLUPART_URL, page, 0);

	if (rc == CURLUE_OK)
		rc = curl_url_set(url, CURLUPART_URL, reference, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(url, CURLUPART_URL, &text, 0);
	if (rc == CURLUE_OK)
		copy = strdup(text);
	curl_free(text);
	curl_url_cleanup(url);
	if (rc == CURLUE_OUT_OF_MEMORY || (rc == CURLUE_OK && copy == NULL))
		return error_no_memory(err);
	if (rc != CURLUE_OK)
		return error_set(err, STATUS_BAD_REQUEST,
				 "'%s' is not an address that a page can refer to", reference);
	*out = copy;
	return STATUS_OK;
}

int64_t http_date_read(const char *text)
{
	time_t seconds = curl_getdate(text, NULL);

	return seconds > 0 ? (int64_t)seconds : 0;
}
