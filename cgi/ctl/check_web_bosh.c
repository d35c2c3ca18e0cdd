/*
 * prebindctl check --web: continues a chat session through the web server at bosh_url, as a browser
 * does. Checks that the web server passes requests on, that the page's script can read the answers,
 * and how long a request can wait.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/jid_rule.h"
#include "base/clock.h"
#include "base/secret.h"
#include "conf/placeholder.h"
#include "ctl/web.h"
#include "prebind/bosh_url.h"
#include "prebind/chat_session.h"
#include "xmpp/bosh.h"

#define RID_BIT          0x80000000u
#define WAIT_MARGIN_S    10 /* how much longer than `wait` the XMPP server can take to answer */
#define WAIT_EARLY_MS    1500
#define INACTIVITY_FEW_S 10 /* as in Tigase; a shorter limit can end a session at a page change */
#define ORIGIN_MAX       300

/* A session, with the data that a browser has about it. */
struct outside {
	struct web *web;
	char *url;    /* owned; the address at which browsers continue the session */
	char *domain; /* owned */
	char origin[ORIGIN_MAX];
	bool cross; /* true if url and the page have different origins */
	struct bosh_answer answer;
	char sid[CHAT_SID_MAX + 1];
	int64_t rid;
	long wait; /* in seconds; the value that the server granted */
};

static struct conf_place place(const struct outside *outside)
{
	return conf_site_place(outside->web->site->conf, "bosh_url");
}

/* Sends a BOSH body. Any HTTP status counts as success and returns STATUS_OK. */
static enum status post(struct outside *outside, struct strbuf *body, long seconds,
			struct error *err)
{
	struct http_call call = {
	    .url = outside->url,
	    .body = body->data,
	    .body_len = body->len,
	    .content_type = BOSH_CONTENT_TYPE,
	    .header = outside->origin,
	    .deadline_ms = clock_monotonic_ms() + seconds * 1000,
	};
	enum status status = strbuf_ok(body) ? STATUS_OK : error_no_memory(err);

	outside->rid++;
	if (status == STATUS_OK)
		status = http_connection_call(outside->web->connection, &call,
					      &outside->web->answer, err);
	strbuf_clear(body);
	return status;
}

/* Parses the last answer, which must be a BOSH body. */
static enum status take(struct outside *outside, struct error *err)
{
	const struct strbuf *body = &outside->web->answer.body;

	bosh_answer_clear(&outside->answer);
	outside->answer = (struct bosh_answer){0};
	return bosh_answer_read(body->data, body->len, &outside->answer, err);
}

static void terminate(struct outside *outside)
{
	struct strbuf body;

	if (outside->sid[0] == '\0')
		return;
	strbuf_init_secret(&body);
	bosh_terminate_write(&body, outside->sid, outside->rid);
	post(outside, &body, 2, NULL);
	outside->sid[0] = '\0';
}

/* ---- does the web server pass requests on ---- */

/* Explains why the web server answers with an HTTP status other than 200. */
static enum status say_not_passed(const struct outside *outside, struct error *said)
{
	int status = outside->web->answer.status;

	if (status >= 500)
		return conf_fault(said, STATUS_UNAVAILABLE, place(outside),
				  "%s answers %d, because the web server cannot reach the XMPP "
				  "server; correct the address of the BOSH service in the web "
				  "server's configuration (prebind_bosh in the shipped file)",
				  outside->url, status);
	return conf_fault(
	    said, STATUS_NOT_FOUND, place(outside),
	    "%s answers %d, because the web server does not pass this path to the XMPP server, or "
	    "passes a path or Host that the XMPP server does not know; add the lines for "
	    "/http-bind from the shipped file (apache/, lighttpd/ or nginx/)",
	    outside->url, status);
}

static enum status create(struct outside *outside, struct error *said)
{
	const struct site_conf *conf = outside->web->site->conf;
	struct bosh_create what = {.domain = outside->domain,
				   .route = conf->bosh_route,
				   .rid = outside->rid,
				   .hold = conf->hold,
				   .wait = conf->wait};
	struct error why = {0};
	struct strbuf body;

	strbuf_init_secret(&body);
	bosh_create_write(&body, &what);
	enum status status = post(outside, &body, WEB_CALL_S, &why);
	if (status != STATUS_OK)
		return conf_fault(said, status, place(outside), "%s", why.text);
	if (outside->web->answer.status != 200)
		return say_not_passed(outside, said);
	status = take(outside, &why);
	if (status != STATUS_OK)
		return conf_fault(said, status, place(outside),
				  "%s does not answer as a BOSH service: %s", outside->url,
				  why.text);
	snprintf(outside->sid, sizeof(outside->sid), "%s", outside->answer.sid);
	outside->wait = outside->answer.wait > 0 ? outside->answer.wait : conf->wait;
	return error_set(said, STATUS_OK, "%s is passed on to the XMPP server", outside->url);
}

static bool check_passed_on(struct outside *outside)
{
	struct error said = {0};
	enum status status = create(outside, &said);

	report_tell(outside->web->report, "bosh_url", status, said.text);
	return status == STATUS_OK;
}

static void check_inactivity(const struct outside *outside)
{
	long seconds = outside->answer.inactivity;
	struct error said = {0};

	if (seconds < 0)
		return;
	error_set(&said, STATUS_OK, "the XMPP server ends an unused session after %ld s%s", seconds,
		  seconds < INACTIVITY_FEW_S
		      ? "; raise this time in the XMPP server's configuration, because otherwise "
			"each new page of the site needs a new session"
		      : "");
	if (seconds < INACTIVITY_FEW_S)
		report_note(outside->web->report, "inactivity", said.text);
	else
		report_tell(outside->web->report, "inactivity", STATUS_OK, said.text);
}

/* ---- can the page's script read the answers ---- */

/*
 * True if the page uses https, but the BOSH address uses plain http and is not a loopback address.
 * An https page can use plain http only for a loopback address, because browsers refuse other
 * addresses.
 */
static bool is_mixed(const struct outside *outside)
{
	struct http_url at = {0};
	bool mixed = http_url_read(outside->url, &at, NULL) == STATUS_OK && !at.https &&
		     outside->web->at.https && !http_url_is_loopback(outside->url);

	http_url_clear(&at);
	return mixed;
}

static bool allows_origin(const struct outside *outside)
{
	char value[WEB_HEADER_MAX];

	return web_header(&outside->web->answer, "Access-Control-Allow-Origin", value) == 1 &&
	       (strcmp(value, "*") == 0 ||
		strcmp(value, outside->origin + strlen("Origin: ")) == 0);
}

/*
 * Sends the CORS preflight request that browsers send before they post text/xml to another origin.
 * Returns true if the answer allows the post.
 */
static bool allows_post(struct outside *outside)
{
	static const char *const asks[] = {"Access-Control-Request-Method: POST",
					   "Access-Control-Request-Headers: content-type", NULL};
	struct http_call call = {
	    .url = outside->url,
	    .method = "OPTIONS",
	    .header = outside->origin,
	    .headers = asks,
	    .deadline_ms = clock_monotonic_ms() + WEB_CALL_S * 1000,
	};
	char headers[WEB_HEADER_MAX];

	if (http_connection_call(outside->web->connection, &call, &outside->web->answer, NULL) !=
		STATUS_OK ||
	    outside->web->answer.status / 100 != 2 || !allows_origin(outside))
		return false;
	web_header(&outside->web->answer, "Access-Control-Allow-Headers", headers);
	return strcasestr(headers, "content-type") != NULL || strcmp(headers, "*") == 0;
}

static void check_cross_origin(struct outside *outside, bool answer_allows)
{
	struct error said = {0};

	if (!outside->cross)
		return;
	if (answer_allows && allows_post(outside))
		error_set(&said, STATUS_OK, "%s allows pages of %s (CORS)", outside->url,
			  outside->origin + strlen("Origin: "));
	else
		conf_fault(
		    &said, STATUS_FORBIDDEN, place(outside),
		    "%s has a different origin than the page, and does not allow the page's origin "
		    "(CORS), so browsers refuse the answers; make this server answer OPTIONS and "
		    "POST with Access-Control-Allow-Origin: %s, or set bosh_url to a path such as "
		    "/http-bind",
		    outside->url, outside->origin + strlen("Origin: "));
	report_tell(outside->web->report, "cors", said.status, said.text);
}

/* ---- attach to a session and wait ---- */

/* True if this address is the session's own address. In a cluster only one node has the session. */
static bool is_here(const struct outside *outside, const struct chat_session *session)
{
	char *url = NULL;
	bool here =
	    http_url_resolve(outside->web->url, session->bosh_url, &url, NULL) == STATUS_OK &&
	    strcmp(url, outside->url) == 0;

	free(url);
	return here;
}

/* Ends the current trial session, and continues with the session of a user. */
static void attach(struct outside *outside, const struct chat_session *session)
{
	terminate(outside);
	snprintf(outside->sid, sizeof(outside->sid), "%s", session->sid);
	outside->rid = strtoll(session->rid, NULL, 10);
	if (session->wait > 0)
		outside->wait = session->wait;
}

static enum status ping(struct outside *outside, struct error *said)
{
	struct strbuf payload, body;
	struct error why = {0};

	strbuf_init(&payload);
	strbuf_init_secret(&body);
	bosh_ping_write(&payload, "check", outside->domain);
	bosh_body_write(&body, outside->sid, outside->rid, payload.data);
	strbuf_clear(&payload);
	enum status status = post(outside, &body, WEB_CALL_S, &why);
	if (status == STATUS_OK && outside->web->answer.status != 200)
		status = error_set(&why, STATUS_CHAT_SERVER, "the answer is %d",
				   outside->web->answer.status);
	if (status == STATUS_OK)
		status = take(outside, &why);
	if (status == STATUS_OK)
		return status;
	outside->sid[0] = '\0';
	return conf_fault(said, status, place(outside),
			  "a new session cannot be continued at %s: %s; this address must lead to "
			  "the node of the XMPP server that made the session",
			  outside->url, why.text);
}

static void check_attach(struct outside *outside)
{
	struct report *report = outside->web->report;
	struct chat_session session = {0};
	struct check_user user;
	struct error said = {0};
	enum status status = check_bind_session(report, outside->web->site, &user, &session, &said);

	if (status == STATUS_OK && !is_here(outside, &session)) {
		error_set(&said, STATUS_OK, "the session of %s is on another node", session.jid);
	} else if (status == STATUS_OK) {
		attach(outside, &session);
		status = ping(outside, &said);
		if (status == STATUS_OK)
			error_set(&said, STATUS_OK, "the session of %s continues at %s",
				  session.jid, outside->url);
	} else if (user.name == NULL) {
		status = STATUS_OK;
	}
	report_tell(report, "attach", status, said.text);
	chat_session_clear(&session);
}

static enum status say_wait(const struct outside *outside, long ms, enum status status,
			    struct error *said)
{
	const struct http_answer *answer = &outside->web->answer;
	bool ended = answer->status >= 500 || ms < outside->wait * 1000 - WAIT_EARLY_MS;
	char got[24] = "no answer";

	if (status == STATUS_OK && answer->status == 200)
		return error_set(said, STATUS_OK, "a request can wait for %ld s", ms / 1000);
	if (status == STATUS_OK)
		snprintf(got, sizeof(got), "HTTP %d", answer->status);
	if (ended)
		return conf_fault(said, STATUS_CHAT_TIMEOUT,
				  conf_site_place(outside->web->site->conf, "wait"),
				  "the web server or a proxy ends a waiting request after %ld s "
				  "(%s), but wait is %ld s; make the time-out for %s longer than "
				  "wait (ProxyPass timeout=, proxy_read_timeout), or lower wait",
				  (ms + 500) / 1000, got, outside->wait, outside->url);
	return conf_fault(said, STATUS_CHAT_TIMEOUT, place(outside),
			  "a waiting request got %s after %ld s, although the XMPP server should "
			  "answer after %ld s; look at the XMPP server's log",
			  got, ms / 1000, outside->wait);
}

/* Sends a request that the XMPP server holds until `wait` is over, and waits for the answer. */
static void check_wait(struct outside *outside)
{
	struct strbuf body;
	struct error said = {0};
	int64_t began = clock_monotonic_ms();

	if (outside->sid[0] == '\0')
		return;
	if (outside->wait > WAIT_MARGIN_S)
		fprintf(stderr,
			"prebindctl: a request to %s now waits for its answer; this takes %ld s\n",
			outside->url, outside->wait);
	strbuf_init_secret(&body);
	bosh_body_write(&body, outside->sid, outside->rid, "");
	enum status status = post(outside, &body, outside->wait + WAIT_MARGIN_S, &said);
	status = say_wait(outside, (long)(clock_monotonic_ms() - began), status, &said);
	if (status != STATUS_OK)
		outside->sid[0] = '\0';
	report_tell(outside->web->report, "wait", status, said.text);
}

/* ---- one address ---- */

static void origin_write(struct outside *outside)
{
	const struct http_url *at = &outside->web->at;
	bool v6 = strchr(at->host, ':') != NULL;
	bool usual = at->port == (at->https ? 443 : 80);
	char port[16] = "";

	if (!usual)
		snprintf(port, sizeof(port), ":%ld", at->port);
	snprintf(outside->origin, sizeof(outside->origin), "Origin: http%s://%s%.250s%s%s",
		 at->https ? "s" : "", v6 ? "[" : "", at->host, v6 ? "]" : "", port);
}

static void check_address(struct outside *outside)
{
	struct http_url at = {0};
	struct error said = {0};

	if (is_mixed(outside)) {
		conf_fault(&said, STATUS_FORBIDDEN, place(outside),
			   "%s uses plain http, but the page uses https, so browsers refuse this "
			   "URL; set bosh_url to an https URL, or to a path such as /http-bind",
			   outside->url);
		report_tell(outside->web->report, "bosh_url", said.status, said.text);
		return;
	}
	if (http_url_read(outside->url, &at, NULL) == STATUS_OK)
		outside->cross = !http_url_same_origin(&at, &outside->web->at);
	http_url_clear(&at);
	if (!check_passed_on(outside))
		return;
	bool allowed = !outside->cross || allows_origin(outside);
	check_inactivity(outside);
	check_cross_origin(outside, allowed);
	check_attach(outside);
	check_wait(outside);
	terminate(outside);
}

/* `name` is the public name of a cluster node, or NULL if bosh_url has no placeholder. */
static void check_node(struct web *web, const char *name)
{
	struct outside outside = {.web = web};
	struct error said = {0};
	struct strbuf reference;
	uint32_t rid;

	secret_random(&rid, sizeof(rid));
	outside.rid = rid | RID_BIT;
	strbuf_init(&reference);
	placeholder_fill(web->site->conf->bosh_url, PLACEHOLDER_HOSTNAME, name, &reference);
	enum status status = jid_rule_domain(web->site->conf, &outside.domain, &said);
	if (status == STATUS_OK)
		status = http_url_resolve(web->url, reference.data, &outside.url, &said);
	strbuf_clear(&reference);
	if (status == STATUS_OK) {
		origin_write(&outside);
		check_address(&outside);
	} else {
		report_tell(web->report, "bosh_url", status, said.text);
	}
	bosh_answer_clear(&outside.answer);
	free(outside.url);
	free(outside.domain);
}

void web_check_bosh(struct web *web)
{
	const struct site_conf *conf = web->site->conf;

	if (!placeholder_is_in(conf->bosh_url, PLACEHOLDER_HOSTNAME))
		check_node(web, NULL);
	else
		for (size_t i = 0; i < conf->bosh_hosts.count; i++)
			check_node(web, bosh_url_public_name(conf->bosh_hosts.items[i]));
}
