/*
 * Handles /login and /logout. All refused logins get the same answer after the same time, so that
 * an attacker does not learn which users exist. Only the log has the reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/blocking.h"
#include "identity/login_session.h"
#include "identity/token.h"
#include "page/cookie.h"
#include "page/guest_visit.h"
#include "page/login_limit.h"
#include "page/page.h"
#include "web/csrf.h"

/* ---- login with a token that the site posts ---- */

/* Checks the posted token, creates a login session, and writes the session's secret to `token`. */
static enum status login_handover(struct exchange *ex, char token[SESSION_TOKEN_LEN + 1],
				  struct error *err)
{
	struct identity_context context = exchange_context(ex);
	struct token_handover what = {.text = fields_get(&ex->req.form, "sso")};
	char *old_token = cookie_get(&ex->req, ex->site->conf, COOKIE_SESSION);
	char *user = NULL;

	what.old_token = old_token;
	enum status status = token_session_create(&context, &what, token, &user, err);
	bool ok = status == STATUS_OK;
	metrics_add(ok ? METRIC_LOGIN_OK : METRIC_LOGIN_FAILED);
	log_event(ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  ok ? "token_login_ok" : "token_login_failed", "id", ex->req.id, "site",
		  ex->site->conf->name, "user", user, "ip", ex->req.remote_addr, "why",
		  ok ? NULL : err->text, NULL);
	secret_free(old_token);
	free(user);
	/* The user typed no password, so the answer must not say that the password is wrong. */
	return status == STATUS_BAD_CREDENTIALS ? STATUS_FORBIDDEN : status;
}

/* ---- the form ---- */

#define FORM_LIFE_S    1800 /* in seconds; the time that a user has to type the password */
#define LOGIN_FLOOR_MS 250  /* minimum time for a POST, so that the time reveals nothing */

/*
 * Returns the value of the pre-session cookie, to which the form's token is bound. If the browser
 * has no such cookie, sets a new one. The caller frees the value. Returns NULL if out of memory.
 */
static char *form_binding_ensure(struct exchange *ex)
{
	char *binding = login_form_binding(ex);
	unsigned char random[32];
	struct strbuf text;

	if (binding != NULL)
		return binding;
	secret_random(random, sizeof(random));
	strbuf_init_secret(&text);
	codec_base64url(&text, random, sizeof(random));
	binding = strbuf_take(&text);
	if (binding != NULL)
		cookie_set(ex->res, ex->site->conf, COOKIE_FORM, binding, FORM_LIFE_S);
	return binding;
}

static void send_form(struct exchange *ex, enum status status)
{
	const struct fields *given = ex->req.method == HTTP_POST ? &ex->req.form : &ex->req.query;
	struct view *view = view_new();
	char *binding = form_binding_ensure(ex);
	char *next = request_next(&ex->req, fields_get(given, "next"));
	char token[CSRF_TOKEN_LEN + 1];

	if (view != NULL && binding != NULL && next != NULL) {
		csrf_token_make(&ex->site->form_key, binding, ex->now, token);
		view_text(view, "token", token);
		view_text(view, "next", next);
		view_text(view, "user", fields_get(&ex->req.form, "user"));
		view_flag(view, "failed", status == STATUS_BAD_CREDENTIALS);
		if (status != STATUS_OK)
			view_text(view, "message", page_status_sentence(ex, status));
		page_send(ex, status_http(status), "login.html", view);
	} else {
		ex->res->failed = true;
	}
	free(next);
	secret_free(binding);
	view_free(view);
}

static enum status attempt(struct exchange *ex, char token[SESSION_TOKEN_LEN + 1],
			   struct error *err)
{
	struct identity_context context = exchange_context(ex);
	struct login_attempt what = {
	    .user = fields_get(&ex->req.form, "user"),
	    .password = fields_get(&ex->req.form, "password"),
	};
	struct login_limit limit;
	char *old_token = NULL;

	if (what.user == NULL || what.password == NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the form has no field user or no field password");
	enum status status = login_limit_begin(ex, what.user, &limit, err);
	if (status != STATUS_OK)
		return status;
	old_token = cookie_get(&ex->req, ex->site->conf, COOKIE_SESSION);
	what.old_token = old_token;
	status = login_attempt(&context, &what, token, err);
	login_limit_end(ex, &limit, status);
	secret_free(old_token);
	return status;
}

static void welcome(struct exchange *ex, const char *token)
{
	char *next = request_next(&ex->req, fields_get(&ex->req.form, "next"));

	if (next == NULL) {
		ex->res->failed = true;
		return;
	}
	cookie_set(ex->res, ex->site->conf, COOKIE_SESSION, token, COOKIE_UNTIL_CLOSED);
	cookie_expire(ex->res, ex->site->conf, COOKIE_FORM);
	guest_end_visit(ex);
	response_redirect(ex->res, next);
	free(next);
}

/*
 * Tries to log in, and takes at least LOGIN_FLOOR_MS. The password check can wait until a processor
 * is free. Other requests are served meanwhile.
 */
static enum status attempt_in_time(struct exchange *ex, char token[SESSION_TOKEN_LEN + 1],
				   struct error *err)
{
	int64_t floor_ms = clock_monotonic_ms() + LOGIN_FLOOR_MS;

	if (!blocking_begin())
		return blocking_refused(err);
	enum status status = attempt(ex, token, err);
	blocking_sleep((long)clock_left_ms(floor_ms));
	blocking_end();
	return status;
}

static void login_post(struct exchange *ex)
{
	char token[SESSION_TOKEN_LEN + 1];
	struct error err = {0};

	enum status status = attempt_in_time(ex, token, &err);
	metrics_add(status == STATUS_OK ? METRIC_LOGIN_OK : METRIC_LOGIN_FAILED);
	log_event(status == STATUS_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  status == STATUS_OK ? "login_ok" : "login_failed", "id", ex->req.id, "site",
		  ex->site->conf->name, "user", fields_get(&ex->req.form, "user"), "ip",
		  ex->req.remote_addr, "why", status == STATUS_OK ? NULL : err.text, NULL);
	if (status == STATUS_OK)
		welcome(ex, token);
	else if (status == STATUS_BAD_CREDENTIALS)
		send_form(ex, status);
	else
		page_send_error(ex, status, &err);
	secret_wipe(token, sizeof(token));
}

static void handover_post(struct exchange *ex)
{
	char token[SESSION_TOKEN_LEN + 1];
	struct error err = {0};
	enum status status = login_handover(ex, token, &err);

	if (status == STATUS_OK)
		welcome(ex, token);
	else
		page_send_error(ex, status, &err);
	secret_wipe(token, sizeof(token));
}

void login_handle(struct exchange *ex)
{
	if (login_is_handover(ex))
		handover_post(ex);
	else if (!conf_site_has_provider(ex->site->conf, PROVIDER_LOGIN))
		page_send_error(ex, STATUS_NOT_FOUND, NULL);
	else if (ex->req.method == HTTP_POST)
		login_post(ex);
	else
		send_form(ex, STATUS_OK);
}

/*
 * Ends the login session. The page's script has already ended the chat session, because only the
 * script knows its current rid. A guest is redirected to the page, and can start another visit
 * there.
 */
void logout_handle(struct exchange *ex)
{
	struct error err = {0};
	struct strbuf location;

	if (ex->identified && ex->identity.ours) { /* we cannot end logins of other software */
		enum status status = session_end(ex->site->store, ex->identity.session, &err);
		if (status != STATUS_OK) {
			page_send_error(ex, status, &err);
			return;
		}
		log_event(LOG_LEVEL_INFO, "logout", "id", ex->req.id, "site", ex->site->conf->name,
			  "user", ex->identity.user, NULL);
	}
	cookie_expire(ex->res, ex->site->conf, COOKIE_SESSION);
	bool was_guest = guest_end_visit(ex);
	bool to_login = conf_site_has_provider(ex->site->conf, PROVIDER_LOGIN) && !was_guest;
	strbuf_init(&location);
	page_base(ex, &location);
	strbuf_adds(&location, to_login ? "/login" : "/");
	response_redirect(ex->res, location.data);
	strbuf_clear(&location);
}
