/*
 * Sends errors to visitors. An error page has a fixed text for the status, the request's id, and a
 * link to continue. The reason is only in the log.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/recent_failures.h"
#include "page/adhoc_error.h"
#include "page/login_circle.h"
#include "page/guest_visit.h"
#include "page/page.h"

/*
 * minimum time between warnings about an unknown Host or path; otherwise anybody could fill the log
 * with warnings
 */
#define WARN_EVERY_MS       60000
#define RETRY_BUSY_S        1
#define RETRY_UNAVAILABLE_S 5

/* If a request was refused before its route was found, its URI decides the format. */
static bool asks_for_json_file(const char *uri)
{
	size_t len = uri != NULL ? strcspn(uri, "?#") : 0;
	size_t ending = strlen(".json");

	return len > ending && memcmp(uri + len - ending, ".json", ending) == 0;
}

/* Returns the format of the route. If there is no route, guesses the format from the request. */
static enum route_format answer_format(const struct exchange *ex)
{
	const char *accept = ex->req.accept;

	if (ex->route != NULL)
		return ex->route->speaks;
	if (asks_for_json_file(ex->req.uri))
		return SPEAKS_JSON;
	return accept != NULL && strstr(accept, "application/json") != NULL &&
		       strstr(accept, "text/html") == NULL
		   ? SPEAKS_JSON
		   : SPEAKS_PAGES;
}

/* Redirects to our login form. Passes the path to which the form redirects after the login. */
static void redirect_to_login(struct exchange *ex)
{
	struct strbuf location, here;

	strbuf_init(&location);
	strbuf_init(&here);
	page_base(ex, &here);
	strbuf_addf(&location, "%s/login?next=", here.data);
	strbuf_adds(&here, ex->req.path);
	codec_percent(&location, here.data);
	if (strbuf_ok(&location) && strbuf_ok(&here))
		response_redirect(ex->res, location.data);
	else
		ex->res->failed = true;
	strbuf_clear(&here);
	strbuf_clear(&location);
}

static void send_json(struct exchange *ex, enum status status, const struct error *err)
{
	struct strbuf json;
	struct json_writer w;

	(void)err; /* the reason is only in the log */
	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_string(&w, "error", status_name(status));
	json_put_string(&w, "request_id", ex->req.id);
	if (status == STATUS_LOGIN_REQUIRED && ex->identity.cookie != NULL)
		json_put_string(&w, "cookie", ex->identity.cookie);
	json_close_object(&w);
	page_send_json(ex, status_http(status), &json);
	strbuf_clear(&json);
}

/* Sends an error without a template, if the site is unknown or its templates cannot be read. */
static void send_plain(struct exchange *ex, enum status status)
{
	ex->res->status = status_http(status);
	response_header(ex->res, HEADER_CONTENT_TYPE, "text/html; charset=utf-8");
	strbuf_addf(
	    &ex->res->body,
	    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>%s</title>\n"
	    "<h1>%s</h1>\n<p>%s</p>\n<p>Request %s</p>\n",
	    status_title(status), status_title(status), status_sentence(status), ex->req.id);
}

/* Adds a link to the login to the error page. Unlike a redirect, a link cannot cause a loop. */
static void view_login(const struct exchange *ex, enum status status, struct view *view)
{
	const struct site_conf *conf = ex->site->conf;
	bool required = status == STATUS_LOGIN_REQUIRED;
	bool has_url = conf->login_url[0] != '\0';

	view_flag(view, "login",
		  conf_site_has_provider(conf, PROVIDER_LOGIN) &&
		      (status == STATUS_FORBIDDEN || (required && !has_url)));
	if (required && has_url)
		view_text(view, "login_url", conf->login_url);
	if (required)
		view_text(view, "cookie", ex->identity.cookie);
}

static void send_page(struct exchange *ex, enum status status)
{
	struct view *view = view_new();
	char code[12];
	bool later = status == STATUS_SLOW_DOWN || status_http(status) >= 500;
	bool cookie = status == STATUS_LOGIN_REQUIRED && ex->identity.cookie != NULL;

	snprintf(code, sizeof(code), "%d", status_http(status));
	if (view != NULL) {
		view_text(view, "status", code);
		view_text(view, "title",
			  cookie ? page_text(ex, "title_cookie", status_title(status))
				 : page_status_title(ex, status));
		view_text(view, "sentence",
			  cookie ? page_text(ex, "sentence_cookie", status_sentence(status))
				 : page_status_sentence(ex, status));
		view_text(view, "request_id", ex->req.id);
		view_flag(view, "retry", later);
		view_login(ex, status, view);
	}
	page_send(ex, status_http(status), "error.html", view);
	view_free(view);
	if (!ex->res->failed)
		return;
	ex->res->failed = false; /* show the first error, and not the failure to render it */
	strbuf_reset(&ex->res->body);
	send_plain(ex, status);
}

/*
 * Redirects to the login. Returns false if the site has no login, or if the redirect could be
 * repeated without end.
 */
static bool send_to_login(struct exchange *ex)
{
	if (ex->refused) /* the login would lead back here and be refused again */
		return false;
	if (ex->site->conf->login_url[0] != '\0')
		return login_circle_redirect(ex);
	if (!conf_site_has_provider(ex->site->conf, PROVIDER_LOGIN))
		return false;
	redirect_to_login(ex);
	return true;
}

/*
 * True if the Host or the path is not in the configuration, and the last such warning is old
 * enough. The cause is usually a mistake of the operator. Scanners also send such requests, but
 * must not fill the log.
 */
static bool is_worth_a_warning(const struct exchange *ex)
{
	int64_t now = clock_monotonic_ms();
	int64_t last = *ex->warned_ms;

	return ex->misplaced && (last == 0 || now - last >= WARN_EVERY_MS) &&
	       atomic_compare_exchange_strong(ex->warned_ms, &last, now);
}

/* True if neither the visitor nor the operator has to do anything, so no warning is logged. */
static bool is_no_fault(enum status status)
{
	return status == STATUS_LOGIN_REQUIRED || status == STATUS_VISITOR_LEFT;
}

static void log_error(const struct exchange *ex, enum status status, const struct error *err)
{
	enum log_level level = LOG_LEVEL_INFO;

	if (status_http(status) >= 500)
		level = LOG_LEVEL_ERROR;
	else if (status == STATUS_NOT_FOUND ? is_worth_a_warning(ex) : !is_no_fault(status))
		level = LOG_LEVEL_WARN;
	log_event(level, status_name(status), "id", ex->req.id, "site",
		  ex->site != NULL ? ex->site->conf->name : NULL, "ip", ex->req.remote_addr,
		  guest_log_key(ex), ex->identity.user, "why", err != NULL ? err->text : NULL,
		  NULL);
}

/* Stores the error for the operator's page /status. */
static void note_failure(const struct exchange *ex, enum status status)
{
	struct recent_failure failure = {.time = ex->now, .status = status};
	bool failed = status_http(status) >= 500;

	if (!failed && status != STATUS_SLOW_DOWN)
		return;
	recent_failure_text(failure.id, sizeof(failure.id), ex->req.id);
	recent_failure_text(failure.route, sizeof(failure.route),
			    ex->route != NULL ? ex->route->path : NULL);
	recent_failure_text(failure.site, sizeof(failure.site),
			    ex->site != NULL ? ex->site->conf->name : NULL);
	recent_failure_text(failure.ip, sizeof(failure.ip), ex->req.remote_addr);
	if (!ex->identity.guest)
		recent_failure_text(failure.user, sizeof(failure.user), ex->identity.user);
	recent_failure_add(failed ? FAILURE_FAILED : FAILURE_LIMITED, &failure);
}

static void add_retry_after(struct exchange *ex, enum status status, const struct error *err)
{
	long seconds = err != NULL ? err->retry_after : 0;
	char text[24];

	if (seconds <= 0 && status == STATUS_BUSY)
		seconds = RETRY_BUSY_S;
	else if (seconds <= 0 && status == STATUS_UNAVAILABLE)
		seconds = RETRY_UNAVAILABLE_S;
	if (seconds <= 0)
		return;
	snprintf(text, sizeof(text), "%ld", seconds);
	response_header(ex->res, HEADER_RETRY_AFTER, text);
}

static void send_html(struct exchange *ex, enum status status, const struct error *err)
{
	(void)err; /* the reason is only in the log */
	if (ex->site == NULL || ex->site->templates == NULL)
		send_plain(ex, status);
	else if (status != STATUS_LOGIN_REQUIRED || !send_to_login(ex))
		send_page(ex, status);
}

void page_send_error(struct exchange *ex, enum status status, const struct error *err)
{
	static void (*const send[])(struct exchange *, enum status, const struct error *) = {
	    [SPEAKS_PAGES] = send_html,
	    [SPEAKS_JSON] = send_json,
	    [SPEAKS_ADHOC] = adhoc_send_error,
	};

	log_error(ex, status, err);
	note_failure(ex, status);
	add_retry_after(ex, status, err);
	send[answer_format(ex)](ex, status, err);
}
