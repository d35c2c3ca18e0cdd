/*
 * Where a call goes, and whether it may: the rule about plain http. Internal to net/; how a target
 * is read of a URL stands in http_curl.h.
 */
#ifndef NET_HTTP_TARGET_H
#define NET_HTTP_TARGET_H

#include <stdbool.h>

#include "base/error.h"

#define HTTP_ORIGIN_MAX 288 /* "https://" + a host name's 253 bytes + ":65535" */

struct http_target {
	char origin
	    [HTTP_ORIGIN_MAX]; /* scheme://host:port, for sentences; never a path or a query */
	bool https;
	bool loopback;
};

/* STATUS_BAD_REQUEST: plain http that would leave this machine, and allow_http is off. */
enum status http_target_allow(const struct http_target *target, bool allow_http, struct error *err);

#endif
