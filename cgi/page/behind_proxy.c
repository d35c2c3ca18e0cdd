/*
 * A bucket of the site's limits records that requests came through a proxy. So all processes share
 * this record, and `prebindctl check` can read it.
 */
#include "page/behind_proxy.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/limit.h"

static const struct conf_limit once_an_hour = {.count = 1, .period_ms = 3600 * 1000L};
static const struct limit_key mark = {.scope = "behind_proxy", .key = "noticed"};

static bool is_part_of_address(char c)
{
	return isalnum((unsigned char)c) || c == '.';
}

/*
 * True if the header contains the address. A web server that knows the proxy gives us the visitor's
 * address, which is then also in the header.
 */
static bool names(const char *header, const char *address)
{
	size_t len = strlen(address);

	for (const char *at = header; (at = strstr(at, address)) != NULL; at++)
		if ((at == header || !is_part_of_address(at[-1])) && !is_part_of_address(at[len]))
			return true;
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
		return "the proxy is in trusted_proxies, but does not name the visitor's address, "
		       "so limits and log use the proxy's; make it set X-Forwarded-For "
		       "(docs/proxies.md)";
	return "requests come through a proxy (X-Forwarded-For or Forwarded), so limits and log "
	       "use its address for every visitor; name it in trusted_proxies, or configure "
	       "mod_remoteip, mod_extforward or real_ip in the web server (docs/proxies.md)";
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
