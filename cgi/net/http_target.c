/*
 * Parses a URL and finds whether it is https and whether it is loopback. No name is resolved here,
 * because its address could change before the call.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "net/http_curl.h"

static bool host_is_loopback(const char *host)
{
	char bare[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0) /* libcurl resolves it without DNS */
		return true;
	if (host[0] != '[')
		return address_is_loopback(host);
	if (len < 3 || len - 2 >= sizeof(bare))
		return false;
	memcpy(bare, host + 1, len - 2);
	bare[len - 2] = '\0';
	return address_is_loopback(bare);
}

/* STATUS_BAD_REQUEST: an unsupported scheme. */
static enum status target_set(struct http_target *target, const char *scheme, const char *host,
			      const char *port, struct error *err)
{
	bool https = strcmp(scheme, "https") == 0;

	if (!https && strcmp(scheme, "http") != 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "a URL of scheme %s: only https and http are spoken", scheme);
	*target = (struct http_target){.https = https, .loopback = host_is_loopback(host)};
	snprintf(target->origin, sizeof(target->origin), "%s://%s:%s", scheme, host, port);
	return STATUS_OK;
}

static enum status parts_read(CURLU *url, struct http_target *out, struct error *err)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	enum status status = STATUS_BAD_REQUEST;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		error_set(err, status, "not a complete URL: http://HOST:PORT/PATH is wanted");
	else
		status = target_set(out, scheme, host, port, err);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return status;
}

enum status http_target_read(CURLU *url, const char *text, struct http_target *out,
			     struct error *err)
{
	CURLUcode rc =
	    curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);

	if (rc == CURLUE_OK)
		return parts_read(url, out, err);
	if (rc == CURLUE_USER_NOT_ALLOWED)
		return error_set(err, STATUS_BAD_REQUEST,
				 "a URL with a user name or a password in it: they have keys of "
				 "their own");
	return error_set(err, STATUS_BAD_REQUEST, "not a URL: http://HOST:PORT/PATH is wanted");
}

enum status http_target_allow(const struct http_target *target, bool allow_http, struct error *err)
{
	if (target->https || target->loopback || allow_http)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "%s: plain http would show passwords to the network between: use https, "
			 "or a loopback address, or set upstream_http = on",
			 target->origin);
}
