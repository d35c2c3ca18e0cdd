/*
 * Checks a request before its handler runs. The order is: site (from Host), mount point, route,
 * scheme, body, conditions of the route. The first check that fails decides the answer.
 */
#include <string.h>

#include "account/jid_rule.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "identity/token.h"
#include "page/cookie.h"
#include "page/guest_visit.h"
#include "page/page.h"
#include "web/csrf.h"

#define AROUND_MS 4000 /* time for a request in addition to `timeout`; together 8 s by default */
#define ANSWER_MS 500  /* the last part of AROUND_MS, reserved for writing the answer */

bool exchange_is_local(const struct exchange *ex)
{
	const char *address = ex->req.remote_addr;

	return !ex->req.visitor_unknown && (address[0] == '\0' || address_is_loopback(address));
}

int64_t exchange_until_ms(const struct exchange *ex)
{
	return ex->raw->began_ms + ex->site->conf->timeout_ms + AROUND_MS - ANSWER_MS;
}

/* Finds the site that has the request's Host. Removes the mount point from the path. */
static enum status find_site(struct exchange *ex, struct error *err)
{
	const struct site_conf *found = conf_site_for_host(sites_conf(ex->sites), ex->req.host);

	ex->misplaced = found == NULL;
	if (found == NULL)
		return error_set(
		    err, STATUS_NOT_FOUND,
		    "no site has the Host '%s'; add this host to `hosts` in a [site] section",
		    ex->req.host);
	enum status status = sites_borrow(ex->sites, found, clock_monotonic_ms(), &ex->site, err);
	if (status != STATUS_OK)
		ex->site = sites_borrow_closed(ex->sites, found);
	if (ex->site == NULL)
		return status;
	found = ex->site->conf; /* still the old configuration if this site's reload failed */
	status = request_mount(&ex->req, found->base_path, found->base_path_set, err);
	ex->misplaced = status == STATUS_NOT_FOUND;
	if (status == STATUS_OK && found->public_path_set)
		ex->req.base = found->public_path; /* a proxy has removed the start of the path */
	return status;
}

/*
 * True if the site has not enabled the route. The request is then answered as if the route did not
 * exist.
 */
static bool is_switched_off(const struct route *route, const struct site_conf *conf)
{
	return ((route->needs & NEED_ADHOC) && !conf->gateway) ||
	       ((route->needs & NEED_CREDENTIALS) && !conf->credentials) ||
	       ((route->needs & NEED_PEOPLE) && conf->people == PEOPLE_OFF);
}

static enum status find_route(struct exchange *ex, struct error *err)
{
	char allow[32];

	enum status status =
	    router_find(page_routes, page_routes_count, ex->req.path, ex->req.method, &ex->route);
	if (ex->route != NULL && is_switched_off(ex->route, ex->site->conf)) {
		ex->route = NULL;
		status = STATUS_NOT_FOUND;
	}
	if (status == STATUS_METHOD_NOT_ALLOWED) {
		router_allow(ex->route->methods, allow);
		response_header(ex->res, HEADER_ALLOW, allow);
		return error_set(err, status, "%s accepts %s", ex->route->path, allow);
	}
	return status == STATUS_OK ? status : error_set(err, status, "no such route");
}

/* Refuses plain http. Call it after the route is found, so that a script gets the error as JSON. */
static enum status check_scheme(const struct exchange *ex, struct error *err)
{
	if (ex->req.https || (ex->site->conf->allow_http && exchange_is_local(ex)))
		return STATUS_OK;
	return error_set(
	    err, STATUS_HTTPS_REQUIRED,
	    "the request came over plain http; serve the site over https. If a proxy in front of "
	    "this web server terminates TLS, add the proxy to trusted_proxies (docs/proxies.md), "
	    "or make the web server pass HTTPS=on for the proxy's requests");
}

/*
 * Refuses a site that is not open. Call it after the route is found, so that a script gets the
 * error as JSON.
 */
static enum status check_open(const struct exchange *ex, struct error *err)
{
	if (!ex->site->closed || ex->route->when_closed)
		return STATUS_OK;
	return sites_not_now(ex->site->conf, err);
}

static enum status read_body(struct exchange *ex, struct error *err)
{
	enum status status = STATUS_OK;

	if (ex->req.method == HTTP_POST && ex->route->speaks == SPEAKS_ADHOC)
		status = request_body_read_any(ex->raw, ex->route->body_max, &ex->req, err);
	else if (ex->req.method == HTTP_POST)
		status = request_body_read(ex->raw, ex->route->body_max, &ex->req, err);
	if (status == STATUS_OK)
		status = request_params_check(&ex->req, &ex->route->query, &ex->route->form, err);
	return status;
}

struct identity_context exchange_context(const struct exchange *ex)
{
	return (struct identity_context){
	    .conf = ex->site->conf,
	    .store = ex->reader != NULL ? ex->reader : ex->site->store,
	    .chain = ex->site->identity,
	    .req = &ex->req,
	    .site_key = ex->site->csrf_key,
	    .now = ex->now,
	    .until_ms = exchange_until_ms(ex),
	};
}

/*
 * Finds the user and fills ex->identity, once per request. Returns STATUS_LOGIN_REQUIRED if nobody
 * is logged in. After another error, returns the provider's status or STATUS_UNAVAILABLE.
 */
static enum status exchange_identify(struct exchange *ex, struct error *err)
{
	struct identity_context context = exchange_context(ex);

	if (ex->identified)
		return STATUS_OK;
	switch (identity_find(&context, &ex->identity, err)) {
	case IDENTITY_YES:
		return guest_pass(ex, err);
	case IDENTITY_NONE:
		return error_set(err, STATUS_LOGIN_REQUIRED, "nobody is logged in");
	case IDENTITY_BAD:
		ex->refused = true;
		log_event(LOG_LEVEL_WARN, "identity_refused", "id", ex->req.id, "ip",
			  ex->req.remote_addr, "cookie", ex->identity.cookie, "why", err->text,
			  NULL);
		return STATUS_LOGIN_REQUIRED;
	case IDENTITY_ERROR:
	default:
		break;
	}
	return err->status == STATUS_OK ? STATUS_UNAVAILABLE : err->status;
}

static enum status find_account(struct exchange *ex, struct error *err)
{
	if (ex->identity.guest)
		return guest_jid(ex->site->conf, &ex->jid, err);
	return jid_rule_identity(ex->site->conf, ex->reader, &ex->identity, &ex->jid, err);
}

/*
 * Finds the user and the account. A visitor without a login or without an account is not an error.
 */
static enum status find_visitor(struct exchange *ex, struct error *err)
{
	enum status status = exchange_identify(ex, err);

	if (status == STATUS_OK)
		status = find_account(ex, err);
	return status == STATUS_LOGIN_REQUIRED || status == STATUS_NO_CHAT_ACCOUNT ? STATUS_OK
										   : status;
}

bool exchange_has_account(const struct exchange *ex)
{
	return ex->identified && ex->jid.domain != NULL && !ex->identity.guest;
}

static bool token_holds(const struct exchange *ex, const char *binding)
{
	const char *token = fields_get(&ex->req.form, "token");

	return binding != NULL && token != NULL &&
	       csrf_token_check(&ex->site->form_key, binding, ex->now, token);
}

/* ---- checks of a posted form ---- */

bool login_is_handover(const struct exchange *ex)
{
	return ex->req.method == HTTP_POST && fields_get(&ex->req.form, "sso") != NULL &&
	       token_may_be_posted(ex->site->conf);
}

/* Checks the origin of a posted token. The origin must be one of token_origins. */
static enum status handover_check(const struct exchange *ex, struct error *err)
{
	const char *origin = ex->req.origin;

	if (fields_get(&ex->req.form, "user") != NULL ||
	    fields_get(&ex->req.form, "password") != NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the form has both a token and a password");
	if (origin != NULL && conf_list_has(&ex->site->conf->token_origins, origin))
		return STATUS_OK;
	if (origin == NULL)
		return error_set(err, STATUS_FORBIDDEN,
				 "a token was posted without the header Origin, so prebind cannot "
				 "compare its origin with token_origins");
	return error_set(
	    err, STATUS_FORBIDDEN, "a token was posted from %s, which is not in token_origins%s",
	    origin,
	    strcmp(origin, "null") == 0 ? " (the page sends Referrer-Policy: no-referrer)" : "");
}

static enum status binding_find(const struct exchange *ex, char **out, struct error *err)
{
	enum status status = own_cookie_find(&ex->req, ex->site->conf, COOKIE_FORM, out, err);

	if (*out != NULL && strlen(*out) != SESSION_TOKEN_LEN) {
		secret_free(*out);
		*out = NULL;
	}
	return status;
}

char *login_form_binding(const struct exchange *ex)
{
	char *value = NULL;

	binding_find(ex, &value, NULL);
	return value;
}

static enum status check_login_token(struct exchange *ex, struct error *err)
{
	char *binding = NULL;
	enum status status = binding_find(ex, &binding, err);

	if (status != STATUS_OK)
		return status;
	bool holds = token_holds(ex, binding);
	secret_free(binding);
	return holds ? STATUS_OK
		     : error_set(err, STATUS_FORBIDDEN,
				 "the login form's token is not valid: the form is older than two "
				 "hours, or the browser does not store cookies");
}

static enum status check_session_token(struct exchange *ex, struct error *err)
{
	enum status status = exchange_identify(ex, err);

	if (status == STATUS_LOGIN_REQUIRED)
		return STATUS_OK; /* without a session there is nothing to protect */
	if (status == STATUS_OK && !token_holds(ex, ex->identity.session))
		return error_set(err, STATUS_FORBIDDEN, "the form's token is not valid");
	return status;
}

/*
 * Checks the conditions of the route. The order is chosen to reveal as little as possible to
 * strangers.
 */
static enum status check_needs(struct exchange *ex, struct error *err)
{
	unsigned needs = ex->route->needs;
	bool post = ex->req.method == HTTP_POST;
	bool form_token = (needs & (NEED_LOGIN_TOKEN | NEED_SESSION_TOKEN)) != 0;
	enum status status = STATUS_OK;

	if ((needs & NEED_LOGIN_TOKEN) && login_is_handover(ex))
		return handover_check(ex, err);
	if (post && (needs & NEED_SAME_ORIGIN))
		status = csrf_check_post(&ex->req, form_token);
	else if (ex->req.method == HTTP_GET && (needs & NEED_FETCH))
		status = csrf_check_fetch(&ex->req);
	if (status != STATUS_OK)
		return error_set(err, status, "the request does not come from prebind's own pages");
	if (post && (needs & NEED_LOGIN_TOKEN))
		status = check_login_token(ex, err);
	if (status == STATUS_OK && post && (needs & NEED_SESSION_TOKEN))
		status = check_session_token(ex, err);
	if (status == STATUS_OK && (needs & NEED_USER))
		status = exchange_identify(ex, err);
	if (status == STATUS_OK && (needs & NEED_JID))
		status = find_account(ex, err);
	if (status == STATUS_OK && (needs & NEED_VISITOR))
		status = find_visitor(ex, err);
	return status;
}

/* Checks the conditions with one reader of the store. Frees the reader before the handler runs. */
static enum status check_needs_reading(struct exchange *ex, struct error *err)
{
	enum status status = store_reader_new(ex->site->store, &ex->reader, err);

	if (status == STATUS_OK)
		status = check_needs(ex, err);
	store_reader_free(ex->reader);
	ex->reader = NULL;
	return status;
}

/* Sets the request's address, scheme and host to those that trusted proxies report. */
static enum status believe_proxies(struct exchange *ex, struct error *err)
{
	const struct conf_list *proxies = &sites_conf(ex->sites)->server.trusted_proxies;
	const struct forwarded_trust trust = {.items = proxies->items, .count = proxies->count};

	return trust.count > 0 ? request_believe_proxies(ex->raw, &trust, &ex->req, err)
			       : STATUS_OK;
}

enum status gate_pass(struct exchange *ex, struct error *err)
{
	enum status status = request_read(ex->raw, &ex->req, err);
	log_request_id(ex->req.id);

	if (status == STATUS_OK)
		status = believe_proxies(ex, err);
	ex->res->head = ex->req.method == HTTP_HEAD;
	if (status == STATUS_OK)
		status = find_site(ex, err);
	if (status == STATUS_OK && ex->req.path[0] == '\0')
		return STATUS_OK; /* the caller redirects "/chat" to "/chat/" */
	if (status == STATUS_OK)
		status = find_route(ex, err);
	if (status == STATUS_OK)
		status = check_scheme(ex, err);
	if (status == STATUS_OK)
		status = check_open(ex, err);
	if (status == STATUS_OK)
		status = read_body(ex, err);
	/*
	 * Read the clock again. The body can have taken seconds, and a login or token can have
	 * expired.
	 */
	ex->now = clock_wall();
	if (status == STATUS_OK && ex->route->needs != NEED_NOTHING)
		status = check_needs_reading(ex, err);
	return status;
}
