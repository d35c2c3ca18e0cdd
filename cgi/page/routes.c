/*
 * The table of all addresses that the program answers, with the conditions for each handler and the
 * input it takes. Also the path of a request: site by Host, mount point, route, body, conditions,
 * handler. An address that is not in the table is a 404. The web server serves static files itself.
 */
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "account/jid_rule.h"
#include "password/password.h"
#include "identity/token_text.h"
#include "page/behind_proxy.h"
#include "page/page.h"
#include "store/user.h"
#include "web/csrf.h"

#define BODY_LOGIN_MAX  8192 /* name, password, next and token, each percent-encoded */
#define BODY_BIND_MAX   1024 /* bind=no, or nothing */
#define BODY_LOGOUT_MAX 1024
#define BODY_ADHOC_MAX  65536 /* bytes; a usual call is much smaller */
#define NEXT_MAX        512
#define API_KEY_MAX     128 /* ours have 43 bytes */
#define TYPE_MAX        64

static const struct param health_query[] = {
    {"deep", 1}
};
static const struct param login_query[] = {
    {"next", NEXT_MAX}
};
static const struct param login_form[] = {
    {"user",     USER_NAME_MAX },
    {"password", PASSWORD_MAX  },
    {"next",     NEXT_MAX      },
    {"token",    CSRF_TOKEN_LEN},
    {"sso",      TOKEN_JWT_MAX },
};
static const struct param prebind_form[] = {
    {"bind", 3}
};
static const struct param logout_form[] = {
    {"token", CSRF_TOKEN_LEN}
};
static const struct param adhoc_query[] = {
    {"api-key", API_KEY_MAX},
    {"type",    TYPE_MAX   },
};

#define PARAMS(list)                                                                               \
	{                                                                                          \
		.items = (list), .count = sizeof(list) / sizeof((list)[0])                         \
	}

static const struct route routes[] = {
    {
     .path = "/",
     .methods = HTTP_GET | HTTP_HEAD,
     .needs = NEED_USER | NEED_JID,
     .handle = chat_handle,
     },
    {
     .path = "/login",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_SAME_ORIGIN | NEED_LOGIN_TOKEN,
     .query = PARAMS(login_query),
     .form = PARAMS(login_form),
     .body_max = BODY_LOGIN_MAX,
     .handle = login_handle,
     },
    {
     .path = "/logout",
     .methods = HTTP_POST,
     .needs = NEED_SAME_ORIGIN | NEED_SESSION_TOKEN,
     .form = PARAMS(logout_form),
     .body_max = BODY_LOGOUT_MAX,
     .handle = logout_handle,
     },
    {
     .path = "/prebind.json",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_SAME_ORIGIN | NEED_FETCH | NEED_USER | NEED_JID,
     .speaks = SPEAKS_JSON,
     .form = PARAMS(prebind_form),
     .body_max = BODY_BIND_MAX,
     .handle = prebind_json_handle,
     },
    {
     .path = "/credentials.json",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_CREDENTIALS | NEED_SAME_ORIGIN | NEED_FETCH | NEED_USER | NEED_JID,
     .speaks = SPEAKS_JSON,
     .body_max = BODY_BIND_MAX,
     .handle = credentials_json_handle,
     },
    {
     .path = "/health",
     .methods = HTTP_GET,
     .speaks = SPEAKS_JSON,
     .query = PARAMS(health_query),
     .when_closed = true,
     .handle = health_handle,
     },
    {
     .path = "/rest/adhoc/{jid}",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_ADHOC,
     .speaks = SPEAKS_ADHOC,
     .query = PARAMS(adhoc_query),
     .body_max = BODY_ADHOC_MAX,
     .handle = adhoc_handle,
     },
};

#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

bool exchange_is_local(const struct exchange *ex)
{
	const char *address = ex->req.remote_addr;

	return address[0] == '\0' || strncmp(address, "127.", 4) == 0 ||
	       strcmp(address, "::1") == 0;
}

/* Finds the site of the Host, and its mount point. */
static enum status find_site(struct exchange *ex, struct error *err)
{
	const struct site_conf *found = conf_site_for_host(sites_conf(ex->sites), ex->req.host);

	ex->misplaced = found == NULL;
	if (found == NULL)
		return error_set(err, STATUS_NOT_FOUND,
				 "no site has the Host '%s'; add it to `hosts` of its [site]",
				 ex->req.host);
	enum status status = sites_borrow(ex->sites, found, clock_monotonic_ms(), &ex->site, err);
	if (status != STATUS_OK)
		ex->site = sites_borrow_closed(ex->sites, found);
	if (ex->site == NULL)
		return status;
	found = ex->site->conf; /* the old one, if a reload failed for this site */
	status = request_mount(&ex->req, found->base_path, found->base_path_set, err);
	ex->misplaced = status == STATUS_NOT_FOUND;
	if (status == STATUS_OK && found->public_path_set)
		ex->req.base = found->public_path; /* a proxy removed a part of the path */
	return status;
}

/* A route that the site has not enabled does not exist. */
static bool is_switched_off(const struct route *route, const struct site_conf *conf)
{
	return ((route->needs & NEED_ADHOC) && !conf->gateway) ||
	       ((route->needs & NEED_CREDENTIALS) && !conf->credentials);
}

static enum status find_route(struct exchange *ex, struct error *err)
{
	char allow[32];

	enum status status =
	    router_find(routes, N_ROUTES, ex->req.path, ex->req.method, &ex->route);
	if (ex->route != NULL && is_switched_off(ex->route, ex->site->conf)) {
		ex->route = NULL;
		status = STATUS_NOT_FOUND;
	}
	if (status == STATUS_METHOD_NOT_ALLOWED) {
		router_allow(ex->route->methods, allow);
		response_header(ex->res, HEADER_ALLOW, allow);
		return error_set(err, status, "%s takes %s", ex->route->path, allow);
	}
	return status == STATUS_OK ? status : error_set(err, status, "no such route");
}

/* Checked after the route is found, so that a script gets its error as JSON. */
static enum status check_scheme(const struct exchange *ex, struct error *err)
{
	if (ex->req.https || (ex->site->conf->allow_http && exchange_is_local(ex)))
		return STATUS_OK;
	return error_set(
	    err, STATUS_HTTPS_REQUIRED,
	    "plain http: serve the site over https. Where a proxy in front of this web server ends "
	    "TLS, let the web server pass HTTPS=on to us for what comes from that proxy");
}

/* Also checked after the route is found, so that a script gets its error as JSON. */
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
	    .now = ex->now,
	};
}

/*
 * Finds the user once per exchange: ex->identity. STATUS_LOGIN_REQUIRED: nobody is logged in. Other
 * errors are those of the provider, otherwise STATUS_UNAVAILABLE.
 */
static enum status exchange_identify(struct exchange *ex, struct error *err)
{
	struct identity_context context = exchange_context(ex);

	if (ex->identified)
		return STATUS_OK;
	switch (identity_find(&context, &ex->identity, err)) {
	case IDENTITY_YES:
		ex->identified = true;
		return STATUS_OK;
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

static bool token_holds(const struct exchange *ex, const char *binding)
{
	const char *token = fields_get(&ex->req.form, "token");

	return binding != NULL && token != NULL &&
	       csrf_token_check(&ex->site->form_key, binding, ex->now, token);
}

static enum status check_login_token(struct exchange *ex, struct error *err)
{
	char *binding = login_form_binding(ex);
	bool holds = token_holds(ex, binding);

	secret_free(binding);
	return holds ? STATUS_OK
		     : error_set(err, STATUS_FORBIDDEN,
				 "the login form's token does not hold (older than two hours, or "
				 "no cookies)");
}

static enum status check_session_token(struct exchange *ex, struct error *err)
{
	enum status status = exchange_identify(ex, err);

	if (status == STATUS_LOGIN_REQUIRED)
		return STATUS_OK; /* without a session there is nothing to protect */
	if (status == STATUS_OK && !token_holds(ex, ex->identity.session))
		return error_set(err, STATUS_FORBIDDEN, "the form's token does not hold");
	return status;
}

/* Checks the conditions of the route, in the order that reveals least to a stranger. */
static enum status check_needs(struct exchange *ex, struct error *err)
{
	unsigned needs = ex->route->needs;
	bool post = ex->req.method == HTTP_POST;
	bool form_token = (needs & (NEED_LOGIN_TOKEN | NEED_SESSION_TOKEN)) != 0;
	enum status status = STATUS_OK;

	if ((needs & NEED_LOGIN_TOKEN) && login_is_handover(ex))
		return login_handover_check(ex, err);
	if (post && (needs & NEED_SAME_ORIGIN))
		status = csrf_check_post(&ex->req, form_token);
	else if (ex->req.method == HTTP_GET && (needs & NEED_FETCH))
		status = csrf_check_fetch(&ex->req);
	if (status != STATUS_OK)
		return error_set(err, status, "the request does not come from our own pages");
	if (post && (needs & NEED_LOGIN_TOKEN))
		status = check_login_token(ex, err);
	if (status == STATUS_OK && post && (needs & NEED_SESSION_TOKEN))
		status = check_session_token(ex, err);
	if (status == STATUS_OK && (needs & NEED_USER))
		status = exchange_identify(ex, err);
	if (status == STATUS_OK && (needs & NEED_JID))
		status =
		    jid_rule_identity(ex->site->conf, ex->reader, &ex->identity, &ex->jid, err);
	return status;
}

/* Finds the user and the account with one reader, which is given back before the handler runs. */
static enum status check_needs_reading(struct exchange *ex, struct error *err)
{
	enum status status = store_reader_new(ex->site->store, &ex->reader, err);

	if (status == STATUS_OK)
		status = check_needs(ex, err);
	store_reader_free(ex->reader);
	ex->reader = NULL;
	return status;
}

static enum status exchange_prepare(struct exchange *ex, struct error *err)
{
	enum status status = request_read(ex->raw, &ex->req, err);

	ex->res->head = ex->req.method == HTTP_HEAD;
	if (status == STATUS_OK)
		status = find_site(ex, err);
	if (status == STATUS_OK && ex->req.path[0] == '\0')
		return STATUS_OK; /* "/chat" redirects to "/chat/" */
	if (status == STATUS_OK)
		status = find_route(ex, err);
	if (status == STATUS_OK)
		status = check_scheme(ex, err);
	if (status == STATUS_OK)
		status = check_open(ex, err);
	if (status == STATUS_OK)
		status = read_body(ex, err);
	/* A body may take seconds to arrive, and a login or token may expire meanwhile. */
	ex->now = clock_wall();
	if (status == STATUS_OK && ex->route->needs != NEED_NOTHING)
		status = check_needs_reading(ex, err);
	return status;
}

static void log_request(const struct exchange *ex, int64_t started_ms)
{
	static const char *const methods[] = {
	    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST"};
	char status[CODEC_DECIMAL_SIZE], ms[CODEC_DECIMAL_SIZE];

	log_event(LOG_LEVEL_INFO, "request", "id", ex->req.id, "site",
		  ex->site != NULL ? ex->site->conf->name : NULL, "method",
		  ex->req.method == HTTP_OTHER ? "other" : methods[ex->req.method], "path",
		  ex->req.path, "status", codec_decimal(status, ex->res->status), "ms",
		  codec_decimal(ms, clock_monotonic_ms() - started_ms), "ip", ex->req.remote_addr,
		  "user", ex->identity.user, NULL);
}

static void redirect_to_slash(struct exchange *ex)
{
	struct strbuf location;

	strbuf_init(&location);
	page_base(ex, &location);
	strbuf_addc(&location, '/');
	response_redirect(ex->res, location.data);
	strbuf_clear(&location);
}

void app_handle(void *arg, const struct raw_request *raw, struct response *response)
{
	struct error err = {0};
	int64_t started_ms = clock_monotonic_ms();
	struct exchange ex = {
	    .raw = raw,
	    .res = response,
	    .now = clock_wall(),
	};

	app_enter(arg, &ex);
	enum status status = exchange_prepare(&ex, &err);
	if (status != STATUS_OK)
		page_send_error(&ex, status, &err);
	else if (ex.route == NULL)
		redirect_to_slash(&ex);
	else
		ex.route->handle(&ex);
	behind_proxy_notice(&ex);
	page_finish(&ex);
	log_request(&ex, started_ms);
	identity_clear(&ex.identity);
	jid_clear(&ex.jid);
	request_clear(&ex.req);
	app_leave(&ex);
}

void app_handle_failed(const struct error *why, const struct raw_request *raw,
		       struct response *response)
{
	struct error refused = {0};
	int64_t started_ms = clock_monotonic_ms();
	struct exchange ex = {.raw = raw, .res = response, .now = clock_wall()};

	/* Read it even if it is refused: the answer needs its id and its format. */
	request_read(raw, &ex.req, &refused);
	response->head = ex.req.method == HTTP_HEAD;
	page_send_error(&ex, STATUS_INTERNAL, why);
	page_finish(&ex);
	log_request(&ex, started_ms);
	request_clear(&ex.req);
}
