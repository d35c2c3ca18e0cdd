/*
 * /metrics: what all processes of the server have counted since its start, as OpenMetrics 1.0 text.
 * This machine may read it, and whoever has the token. For everybody else, and in plain CGI, where
 * no process outlives its request, the address does not exist.
 */
#include "base/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "page/page.h"

#define CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define BEARER       "Bearer "
#define US_DIGITS    6 /* of a second's fraction */

/* ---- who may read it ---- */

/* An address of this machine says nothing if a proxy in front has it. */
static bool is_local(const struct exchange *ex)
{
	return exchange_is_local(ex) && ex->req.forwarded == NULL && ex->req.forwarded_for == NULL;
}

/* The file is read each time, so a new token needs no restart. */
static bool has_token(const struct exchange *ex)
{
	const char *file = sites_conf(ex->sites)->server.status_token_file;
	const char *given = ex->req.authorization;
	struct error err = {0};
	struct strbuf token;

	if (file[0] == '\0' || given == NULL || strncmp(given, BEARER, strlen(BEARER)) != 0)
		return false;
	given += strlen(BEARER);
	strbuf_init_secret(&token);
	enum status status = secret_file_read(file, &token, &err);
	bool same = status == STATUS_OK && token.len > 0 && strlen(given) == token.len &&
		    secret_equal(given, token.data, token.len);
	if (status != STATUS_OK)
		log_event(LOG_LEVEL_ERROR, "status_token", "id", ex->req.id, "key",
			  "status_token_file", "why", err.text, NULL);
	strbuf_clear(&token);
	return same;
}

/* ---- the text ---- */

static void family(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# TYPE prebind_%s %s\n# HELP prebind_%s %s\n", name, type, name, help);
}

static void counter(struct strbuf *out, const char *name, const char *labels,
		    enum metrics_count count)
{
	strbuf_addf(out, "prebind_%s_total%s %" PRIu64 "\n", name, labels, metrics_get(count));
}

static void put_requests(struct strbuf *out)
{
	family(out, "requests", "counter", "Answers, by route and HTTP status.");
	for (size_t route = 0; route <= page_routes_count; route++)
		for (int http = METRICS_HTTP_FIRST; http <= METRICS_HTTP_LAST; http++) {
			uint64_t value = metrics_get_request(route, http);

			if (value > 0)
				strbuf_addf(out,
					    "prebind_requests_total{route=\"%s\",status=\"%d\"} "
					    "%" PRIu64 "\n",
					    route == page_routes_count ? "other"
								       : page_routes[route].path,
					    http, value);
		}
}

static void put_binds(struct strbuf *out)
{
	static const char *const backends[METRICS_BACKENDS] = {
	    [BACKEND_TIGASE] = "tigase", [BACKEND_BOSH] = "bosh"};

	family(out, "binds", "counter", "Sessions that were asked for, by back end and result.");
	for (size_t backend = 0; backend < METRICS_BACKENDS; backend++)
		for (enum status result = 0; result < STATUS_COUNT; result++) {
			uint64_t value = metrics_get_bind(backend, result);

			if (value > 0)
				strbuf_addf(out,
					    "prebind_binds_total{backend=\"%s\",result=\"%s\"} "
					    "%" PRIu64 "\n",
					    backends[backend], status_name(result), value);
		}
}

static void put_seconds(struct strbuf *out, uint64_t us)
{
	strbuf_addf(out, "%" PRIu64 ".%0*" PRIu64, us / 1000000, US_DIGITS, us % 1000000);
}

static void put_calls(struct strbuf *out)
{
	uint64_t calls[METRICS_BUCKETS + 1], sum_us;

	metrics_get_calls(calls, &sum_us);
	family(out, "upstream_seconds", "histogram",
	       "Time that the XMPP server took for a session.");
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		strbuf_adds(out, "prebind_upstream_seconds_bucket{le=\"");
		put_seconds(out, (uint64_t)metrics_bucket_us[i]);
		strbuf_addf(out, "\"} %" PRIu64 "\n", calls[i]);
	}
	strbuf_addf(out,
		    "prebind_upstream_seconds_bucket{le=\"+Inf\"} %" PRIu64
		    "\nprebind_upstream_seconds_count %" PRIu64 "\nprebind_upstream_seconds_sum ",
		    calls[METRICS_BUCKETS], calls[METRICS_BUCKETS]);
	put_seconds(out, sum_us);
	strbuf_addc(out, '\n');
}

static void put_limited(struct strbuf *out)
{
	family(out, "limited", "counter", "Visitors that a rate limit refused.");
	for (size_t i = 0; i < METRICS_SCOPES; i++)
		strbuf_addf(out, "prebind_limited_total{limit=\"%s\"} %" PRIu64 "\n",
			    metrics_scopes[i], metrics_get_limited(i));
}

static void put_counters(struct strbuf *out)
{
	family(out, "logins", "counter", "Logins with a password or a posted token.");
	counter(out, "logins", "{result=\"ok\"}", METRIC_LOGIN_OK);
	counter(out, "logins", "{result=\"failed\"}", METRIC_LOGIN_FAILED);
	family(out, "refused", "counter", "Visitors for whom there was no room.");
	counter(out, "refused", "{reason=\"no_descriptor\"}", METRIC_REFUSED_NO_DESCRIPTOR);
	counter(out, "refused", "{reason=\"waiting_max\"}", METRIC_REFUSED_WAITING_MAX);
	counter(out, "refused", "{reason=\"upstream_max\"}", METRIC_REFUSED_UPSTREAM_MAX);
	family(out, "breaker_opened", "counter",
	       "Times that calls to an XMPP server were stopped.");
	counter(out, "breaker_opened", "", METRIC_BREAKER_OPENED);
	family(out, "database_errors", "counter", "Failed calls to a database.");
	counter(out, "database_errors", "{database=\"own\"}", METRIC_DATABASE_ERROR);
	counter(out, "database_errors", "{database=\"site\"}", METRIC_SITE_DATABASE_ERROR);
}

static void put_gauges(struct strbuf *out)
{
	family(out, "waiting", "gauge", "Requests that wait for another program at present.");
	strbuf_addf(out, "prebind_waiting %" PRId64 "\n", metrics_get_gauge(METRIC_WAITING));
	family(out, "breakers_open", "gauge",
	       "Addresses of XMPP servers that a process does not call at present.");
	strbuf_addf(out, "prebind_breakers_open %" PRId64 "\n",
		    metrics_get_gauge(METRIC_BREAKERS_OPEN));
}

void metrics_handle(struct exchange *ex)
{
	struct strbuf *out = &ex->res->body;

	if (!metrics_are_on() || (!is_local(ex) && !has_token(ex))) {
		page_send_error(ex, STATUS_NOT_FOUND, NULL);
		return;
	}
	response_header_constant(ex->res, HEADER_CONTENT_TYPE, CONTENT_TYPE);
	family(out, "build", "info", "The program.");
	strbuf_adds(out, "prebind_build_info{version=\"" PREBIND_VERSION "\"} 1\n");
	put_requests(out);
	put_binds(out);
	put_calls(out);
	put_limited(out);
	put_counters(out);
	put_gauges(out);
	strbuf_adds(out, "# EOF\n");
}
