/*
 * /metrics: the counters of all processes since the server's start, as OpenMetrics 1.0 text. A
 * client that asks for text/plain gets Prometheus's older text format 0.0.4, which many tools still
 * use. page/operator.c decides who is allowed to read this page.
 */
#include "base/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "page/page.h"

#define TYPE_OPENMETRICS "application/openmetrics-text"
#define TYPE_PLAIN       "text/plain"
_Static_assert(METRICS_GUESTS == (size_t)BACKEND_GUEST, "history.c counts guests by it");

#define US_DIGITS 6 /* digits after the decimal point for seconds */

/* The output buffer, and whether the output has the older format. */
struct exposition {
	struct strbuf *out;
	bool is_old;
};

/*
 * Writes the type and the help of a metric. In the older format a counter has the same name as its
 * samples, and a metric of type info is written as a gauge.
 */
static void family(const struct exposition *to, const char *name, const char *type,
		   const char *help)
{
	const char *suffix = "";

	if (to->is_old && strcmp(type, "counter") == 0)
		suffix = "_total";
	if (to->is_old && strcmp(type, "info") == 0) {
		suffix = "_info";
		type = "gauge";
	}
	strbuf_addf(to->out, "# TYPE prebind_%s%s %s\n# HELP prebind_%s%s %s\n", name, suffix, type,
		    name, suffix, help);
}

static void put_build(const struct exposition *to)
{
	family(to, "build", "info", "The program.");
	strbuf_adds(to->out, "prebind_build_info{version=\"" PREBIND_VERSION "\"} 1\n");
}

static void counter(struct strbuf *out, const char *name, const char *labels,
		    enum metrics_count count)
{
	strbuf_addf(out, "prebind_%s_total%s %" PRIu64 "\n", name, labels, metrics_get(count));
}

static void put_requests(const struct exposition *to)
{
	family(to, "requests", "counter", "Responses, by route and HTTP status.");
	for (size_t route = 0; route <= page_routes_count; route++)
		for (int http = METRICS_HTTP_FIRST; http <= METRICS_HTTP_LAST; http++) {
			uint64_t value = metrics_get_request(route, http);

			if (value > 0)
				strbuf_addf(to->out,
					    "prebind_requests_total{route=\"%s\",status=\"%d\"} "
					    "%" PRIu64 "\n",
					    route == page_routes_count ? "other"
								       : page_routes[route].path,
					    http, value);
		}
}

static void put_binds(const struct exposition *to)
{
	static const char *const backends[METRICS_BACKENDS] = {
	    [BACKEND_TIGASE] = "tigase", [BACKEND_BOSH] = "bosh", [BACKEND_GUEST] = "guest"};

	family(to, "binds", "counter", "Requested chat sessions, by back end and result.");
	for (size_t backend = 0; backend < METRICS_BACKENDS; backend++)
		for (enum status result = 0; result < STATUS_COUNT; result++) {
			uint64_t value = metrics_get_bind(backend, result);

			if (value > 0)
				strbuf_addf(to->out,
					    "prebind_binds_total{backend=\"%s\",result=\"%s\"} "
					    "%" PRIu64 "\n",
					    backends[backend], status_name(result), value);
		}
}

static void put_seconds(struct strbuf *out, uint64_t us)
{
	strbuf_addf(out, "%" PRIu64 ".%0*" PRIu64, us / 1000000, US_DIGITS, us % 1000000);
}

static void put_calls(const struct exposition *to)
{
	uint64_t calls[METRICS_BUCKETS + 1], sum_us;

	metrics_get_calls(calls, &sum_us);
	family(to, "upstream_seconds", "histogram",
	       "Time that the XMPP server needed to open a session.");
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		strbuf_adds(to->out, "prebind_upstream_seconds_bucket{le=\"");
		put_seconds(to->out, (uint64_t)metrics_bucket_us[i]);
		strbuf_addf(to->out, "\"} %" PRIu64 "\n", calls[i]);
	}
	strbuf_addf(to->out,
		    "prebind_upstream_seconds_bucket{le=\"+Inf\"} %" PRIu64
		    "\nprebind_upstream_seconds_count %" PRIu64 "\nprebind_upstream_seconds_sum ",
		    calls[METRICS_BUCKETS], calls[METRICS_BUCKETS]);
	put_seconds(to->out, sum_us);
	strbuf_addc(to->out, '\n');
}

static void put_limited(const struct exposition *to)
{
	family(to, "limited", "counter", "Visitors that a rate limit refused.");
	for (size_t i = 0; i < METRICS_SCOPES; i++)
		strbuf_addf(to->out, "prebind_limited_total{limit=\"%s\"} %" PRIu64 "\n",
			    metrics_scopes[i], metrics_get_limited(i));
}

static void put_counters(const struct exposition *to)
{
	family(to, "logins", "counter", "Logins with a password or a posted token.");
	counter(to->out, "logins", "{result=\"ok\"}", METRIC_LOGIN_OK);
	counter(to->out, "logins", "{result=\"failed\"}", METRIC_LOGIN_FAILED);
	family(to, "refused", "counter",
	       "Visitors who were refused because prebind was at full capacity.");
	counter(to->out, "refused", "{reason=\"no_descriptor\"}", METRIC_REFUSED_NO_DESCRIPTOR);
	counter(to->out, "refused", "{reason=\"waiting_max\"}", METRIC_REFUSED_WAITING_MAX);
	counter(to->out, "refused", "{reason=\"upstream_max\"}", METRIC_REFUSED_UPSTREAM_MAX);
	family(to, "breaker_opened", "counter",
	       "How often the breaker stopped all calls to an XMPP server.");
	counter(to->out, "breaker_opened", "", METRIC_BREAKER_OPENED);
	family(to, "database_errors", "counter", "Failed calls to a database.");
	counter(to->out, "database_errors", "{database=\"own\"}", METRIC_DATABASE_ERROR);
	counter(to->out, "database_errors", "{database=\"site\"}", METRIC_SITE_DATABASE_ERROR);
}

static void put_gauges(const struct exposition *to)
{
	family(to, "waiting", "gauge", "Requests that are waiting for another program at present.");
	strbuf_addf(to->out, "prebind_waiting %" PRId64 "\n", metrics_get_gauge(METRIC_WAITING));
	family(
	    to, "breakers_open", "gauge",
	    "Addresses of XMPP servers that a process has stopped calling because calls failed.");
	strbuf_addf(to->out, "prebind_breakers_open %" PRId64 "\n",
		    metrics_get_gauge(METRIC_BREAKERS_OPEN));
}

/* True if the client asks for the older format. The default is OpenMetrics. */
static bool wants_old(const struct exchange *ex)
{
	const char *accept = ex->req.accept;

	return accept != NULL && strstr(accept, TYPE_PLAIN) != NULL &&
	       strstr(accept, TYPE_OPENMETRICS) == NULL;
}

void metrics_handle(struct exchange *ex)
{
	struct exposition to = {.out = &ex->res->body, .is_old = wants_old(ex)};

	if (!operator_may_read(ex)) {
		page_send_error(ex, STATUS_NOT_FOUND, NULL);
		return;
	}
	response_header_constant(ex->res, HEADER_CONTENT_TYPE,
				 to.is_old ? TYPE_PLAIN "; version=0.0.4; charset=utf-8"
					   : TYPE_OPENMETRICS "; version=1.0.0; charset=utf-8");
	put_build(&to);
	put_requests(&to);
	put_binds(&to);
	put_calls(&to);
	put_limited(&to);
	put_counters(&to);
	put_gauges(&to);
	if (!to.is_old)
		strbuf_adds(to.out, "# EOF\n");
}
