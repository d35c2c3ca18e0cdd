/*
 * The target of a call, and the rule for plain http. Internal to net/. http_target_read is in
 * http_curl.h.
 */
#ifndef NET_HTTP_TARGET_H
#define NET_HTTP_TARGET_H

#include <stdbool.h>

#include "base/error.h"

#define HTTP_ORIGIN_MAX 288 /* bytes: "https://" + a host name of 253 + ":65535" */

struct http_target {
	char origin[HTTP_ORIGIN_MAX]; /* scheme://host:port; never a path or a query */
	bool https;
	bool loopback;
};

/* STATUS_BAD_REQUEST: plain http that would leave this machine while allow_http is off. */
enum status http_target_allow(const struct http_target *target, bool allow_http, struct error *err);

#endif
