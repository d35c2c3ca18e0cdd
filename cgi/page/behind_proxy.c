/*
 * Records that a request came through a proxy. The record is a bucket in the site's limits, which
 * all processes and `prebindctl check` can read.
 */
#include "page/behind_proxy.h"

#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/limit.h"

#define ADDRESS_MAX 63           /* length of an IPv6 address with a zone */
#define SEPARATORS  " \t,;=\"[]" /* between addresses in X-Forwarded-For or Forwarded */

static const struct conf_limit once_an_hour = {.count = 1, .period_ms = 3600 * 1000L};
static const struct limit_key mark = {.scope = "behind_proxy", .key = "noticed"};

/* Returns the length of the address in a word such as "192.0.2.1:4711", without the port. */
static size_t without_port(const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	size_t before = colon != NULL ? (size_t)(colon - word) : len;

	return before < len && memchr(colon + 1, ':', len - before - 1) == NULL ? before : len;
}

/*
 * True if the header contains the address. In this case the web server knows the proxy, and has
 * passed to us the visitor's address that the header contains. Compares addresses as numbers,
 * because there are several ways to write an IPv6 address.
 */
static bool names(const char *header, const char *address)
{
	char word[ADDRESS_MAX + 1];
	struct address_net own;

	bool known = address_net_parse(address, &own, NULL) == STATUS_OK;
	for (const char *at = header; *at != '\0';) {
		at += strspn(at, SEPARATORS);
		size_t whole = strcspn(at, SEPARATORS), len = without_port(at, whole);

		if (len > 0 && len <= ADDRESS_MAX) {
			memcpy(word, at, len);
			word[len] = '\0';
			if (known ? address_in_net(word, &own) : strcmp(word, address) == 0)
				return true;
		}
		at += whole;
	}
	return false;
}

static bool comes_through_proxy(const struct request *req)
{
	if (req->visitor_unknown)
		return true;
	const char *header = req->forwarded_for != NULL ? req->forwarded_for : req->forwarded;

	return header != NULL && req->remote_addr != NULL && req->remote_addr[0] != '\0' &&
	       !names(header, req->remote_addr);
}

static const char *why_of(const struct request *req)
{
	if (req->visitor_unknown)
		return "the proxy is in trusted_proxies, but does not send the visitor's address, "
		       "so limits and the log use the proxy's address; make the proxy set "
		       "X-Forwarded-For (docs/proxies.md)";
	return "requests come through a proxy (X-Forwarded-For or Forwarded), so limits and the "
	       "log use the proxy's address for every visitor. Add the proxy to trusted_proxies, "
	       "or configure mod_remoteip, mod_extforward or real_ip in the web server "
	       "(docs/proxies.md)";
}

void behind_proxy_notice(struct exchange *ex)
{
	if (ex->site == NULL || !comes_through_proxy(&ex->req) ||
	    limit_take(ex->site->limits, &mark, &once_an_hour, clock_wall() * 1000, NULL) !=
		STATUS_OK)
		return;
	log_event(LOG_LEVEL_WARN, "behind_proxy", "id", ex->req.id, "site", ex->site->conf->name,
		  "ip", ex->req.remote_addr, "why", why_of(&ex->req), NULL);
}

bool behind_proxy_was_noticed(const struct site *site)
{
	return limit_check(site->limits, &mark, &once_an_hour, clock_wall() * 1000, NULL) ==
	       STATUS_SLOW_DOWN;
}
