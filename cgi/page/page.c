/*
 * Sends pages and JSON, and sets the headers of every dynamic response. This is the only file that
 * decides what a page is allowed to load and which servers it can connect to.
 */
#include "page/page.h"

#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "conf/placeholder.h"
#include "prebind/bosh_url.h"

/* Headers that have the same value in every response. */
static const struct {
	enum response_header name;
	const char *value;
} fixed_headers[] = {
    {HEADER_CACHE_CONTROL,                "no-store"						      },
    {HEADER_CROSS_ORIGIN_OPENER_POLICY,   "same-origin"                                                   },
    {HEADER_CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"                                                   },
    {HEADER_PERMISSIONS_POLICY,           "camera=(), microphone=(), geolocation=(), payment=(), usb=()"  },
 /* with no-referrer, browsers would send Origin: null with our own forms */
    {HEADER_REFERRER_POLICY,              "same-origin"						   },
    {HEADER_VARY,			 "Cookie, Origin, Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest"},
    {HEADER_X_CONTENT_TYPE_OPTIONS,       "nosniff"						       },
    {HEADER_X_FRAME_OPTIONS,              "DENY"							  },
    {HEADER_X_ROBOTS_TAG,                 "noindex, nofollow"					     },
};

#define CONTENT_TYPE_JSON "application/json; charset=utf-8"
#define CONTENT_TYPE_HTML "text/html; charset=utf-8"

#define CSP_NO_PAGE "default-src 'none'; frame-ancestors 'none'"
#define CSP_ROOM    512 /* bytes for the policy of a page, without the origins of cluster nodes */

void page_base(const struct exchange *ex, struct strbuf *out)
{
	if (ex->req.base != NULL)
		codec_percent_path(out, ex->req.base);
}

/*
 * Appends the origin of an absolute URL, such as "https://chat.example.org". For a path it appends
 * nothing, because a path is on our own origin.
 */
static void add_origin(const char *url, struct strbuf *out)
{
	const char *host = strstr(url, "://");

	if (host == NULL)
		return;
	host += strlen("://");
	strbuf_addc(out, ' ');
	strbuf_add(out, url, (size_t)(host - url) + strcspn(host, "/?#"));
}

static void add_origins(const struct conf_list *origins, struct strbuf *out)
{
	for (size_t i = 0; i < origins->count; i++)
		add_origin(origins->items[i], out);
}

/*
 * Appends the origins of the BOSH service. For a cluster these are the origins of all nodes,
 * because it is not known yet which node will have the session.
 */
static void add_bosh_origins(const struct site_conf *conf, struct strbuf *out)
{
	struct strbuf url;

	if (!placeholder_is_in(conf->bosh_url, PLACEHOLDER_HOSTNAME)) {
		add_origin(conf->bosh_url, out);
		return;
	}
	for (size_t i = 0; i < conf->bosh_hosts.count; i++) {
		strbuf_init(&url);
		placeholder_fill(conf->bosh_url, PLACEHOLDER_HOSTNAME,
				 bosh_url_public_name(conf->bosh_hosts.items[i]), &url);
		if (strbuf_ok(&url))
			add_origin(url.data, out);
		else
			out->failed = true;
		strbuf_clear(&url);
	}
}

/*
 * True for a page with Converse.js 14. Converse.js inserts style elements, which our policy forbids
 * on all other pages (docs/converse.md).
 */
static bool is_converse(const struct exchange *ex)
{
	return ex->site != NULL && ex->site->conf->client == CLIENT_CONVERSE && ex->route != NULL &&
	       strcmp(ex->route->path, "/") == 0;
}

static void write_page_policy(const struct exchange *ex, struct strbuf *csp)
{
	strbuf_reserve(csp, CSP_ROOM);
	strbuf_adds(csp, "default-src 'none'; script-src 'nonce-");
	strbuf_adds(csp, ex->req.nonce);
	strbuf_adds(csp, "' 'strict-dynamic'; style-src 'self'");
	if (is_converse(ex))
		strbuf_adds(csp, " 'unsafe-inline'");
	strbuf_adds(csp, "; img-src 'self' data:");
	if (ex->site != NULL)
		add_origins(&ex->site->conf->upload_origins, csp);
	if (ex->site != NULL && ex->site->conf->people != PEOPLE_OFF)
		add_origins(&ex->site->conf->picture_origins, csp);
	strbuf_adds(csp, "; font-src 'self'; media-src 'self'; connect-src 'self'");
	if (ex->site != NULL) {
		add_bosh_origins(ex->site->conf, csp);
		add_origins(&ex->site->conf->upload_origins, csp);
	}
	strbuf_adds(csp, "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
			 "object-src 'none'");
	/* static/parse.js creates a policy with this name */
	if (ex->site != NULL && ex->site->conf->trusted_types && !is_converse(ex))
		strbuf_adds(csp, "; require-trusted-types-for 'script'; trusted-types prebind");
}

static void add_content_security_policy(struct exchange *ex)
{
	const char *type = ex->res->headers[HEADER_CONTENT_TYPE];
	struct strbuf csp;

	if (type != NULL && strcmp(type, CONTENT_TYPE_HTML) != 0) {
		response_header_constant(ex->res, HEADER_CONTENT_SECURITY_POLICY, CSP_NO_PAGE);
		return;
	}
	strbuf_init(&csp);
	write_page_policy(ex, &csp);
	response_header_take(ex->res, HEADER_CONTENT_SECURITY_POLICY, strbuf_take(&csp));
}

void page_finish(struct exchange *ex)
{
	for (size_t i = 0; i < sizeof(fixed_headers) / sizeof(fixed_headers[0]); i++)
		response_header_constant(ex->res, fixed_headers[i].name, fixed_headers[i].value);
	add_content_security_policy(ex);
	response_header(ex->res, HEADER_X_REQUEST_ID, ex->req.id);
	if (ex->req.https)
		response_header_constant(ex->res, HEADER_STRICT_TRANSPORT_SECURITY,
					 "max-age=31536000");
}

static const char *language(const struct exchange *ex)
{
	const struct conf_list *list = &ex->site->conf->language;
	struct template_offer offer = {.names = list->items, .count = list->count};

	return template_language(ex->site->templates, &offer, ex->req.accept_language);
}

const char *page_text(const struct exchange *ex, const char *key, const char *otherwise)
{
	const char *found = template_text(ex->site->templates, language(ex), key);

	return found != NULL ? found : otherwise;
}

static const char *status_text(const struct exchange *ex, enum status status, const char *which,
			       const char *otherwise)
{
	const char *found = otherwise;
	struct strbuf key;

	strbuf_init(&key);
	strbuf_addf(&key, "%s_%s", which, status_name(status));
	if (strbuf_ok(&key))
		found = page_text(ex, key.data, otherwise);
	strbuf_clear(&key);
	return found;
}

const char *page_status_title(const struct exchange *ex, enum status status)
{
	return status_text(ex, status, "title", status_title(status));
}

const char *page_status_sentence(const struct exchange *ex, enum status status)
{
	return status_text(ex, status, "sentence", status_sentence(status));
}

void page_send(struct exchange *ex, int http_status, const char *file, struct view *view)
{
	struct error err = {0};
	enum status status = STATUS_INTERNAL;
	struct strbuf base;

	strbuf_init(&base);
	page_base(ex, &base);
	if (view != NULL) {
		view_text(view, "base", base.data);
		view_text(view, "nonce", ex->req.nonce);
		view_language(view, language(ex));
		status = template_render(ex->site->templates, file, view, &ex->res->body, &err);
	}
	if (status == STATUS_OK && strbuf_ok(&base)) {
		ex->res->status = http_status;
		response_header_constant(ex->res, HEADER_CONTENT_TYPE, CONTENT_TYPE_HTML);
	} else {
		log_event(LOG_LEVEL_ERROR, "page_failed", "id", ex->req.id, "page", file, "why",
			  err.text, NULL);
		ex->res->failed = true; /* do not send the body */
	}
	strbuf_clear(&base);
}

void page_send_json(struct exchange *ex, int http_status, struct strbuf *json)
{
	ex->res->status = http_status;
	response_header_constant(ex->res, HEADER_CONTENT_TYPE, CONTENT_TYPE_JSON);
	strbuf_clear(&ex->res->body);
	ex->res->body = *json; /* this also copies the buffer's failure, if any */
	ex->res->body.secret = true;
	strbuf_init_secret(json);
}
