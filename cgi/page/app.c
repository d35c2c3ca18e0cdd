/*
 * Creates and frees the state of a process, replaces its sites at a reload, and handles one
 * request. Requests that started before a reload still use the old sites. The last of these
 * requests frees them.
 */
#include "page/app.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/metrics.h"
#include "page/behind_proxy.h"
#include "page/guest_visit.h"
#include "page/page.h"

struct app {
	pthread_mutex_t lock; /* protects the pointer `sites`, but not the sites themselves */
	struct sites *sites;
	struct caller_cache *callers;
	/* time of the last warning about an unknown Host or path, monotonic ms; 0 if none */
	_Atomic int64_t misplaced_ms;
};

enum status app_new(const struct conf *conf, enum site_use use, struct app **out, struct error *err)
{
	struct app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return error_no_memory(err);
	pthread_mutex_init(&app->lock, NULL);
	enum status status = caller_cache_new(&app->callers, err);
	if (status == STATUS_OK)
		status = sites_new(conf, use, &app->sites, err);
	if (status == STATUS_OK)
		*out = app;
	else
		app_free(app);
	return status;
}

void app_free(struct app *app)
{
	if (app == NULL)
		return;
	sites_release(app->sites);
	caller_cache_free(app->callers);
	pthread_mutex_destroy(&app->lock);
	free(app);
}

static struct sites *sites_now(struct app *app)
{
	pthread_mutex_lock(&app->lock);
	struct sites *sites = sites_hold(app->sites);
	pthread_mutex_unlock(&app->lock);
	return sites;
}

/* Takes a reference to the current sites, which keeps them open until app_leave. */
static void app_enter(struct app *app, struct exchange *ex)
{
	ex->sites = sites_now(app);
	ex->callers = app->callers;
	ex->warned_ms = &app->misplaced_ms;
}

static void app_leave(struct exchange *ex)
{
	sites_return(ex->site);
	sites_release(ex->sites);
}

/* ---- reload ---- */

/* Logs the changed keys of [server], because they take effect only after a restart. */
static void log_unchanged(const struct conf *old, const struct conf *conf)
{
	const char *key = conf_server_difference(&old->server, &conf->server);

	if (key != NULL)
		log_event(LOG_LEVEL_WARN, "restart_needed", "key", key, "why",
			  "prebind reads this key of [server] only at its start; restart prebind",
			  NULL);
}

static void exchange_sites(struct app *app, struct sites *sites)
{
	pthread_mutex_lock(&app->lock);
	struct sites *old = app->sites;
	app->sites = sites;
	pthread_mutex_unlock(&app->lock);
	sites_release(old);
}

enum status app_reload(struct app *app, struct error *err)
{
	struct sites *old = sites_now(app);
	struct sites *sites = NULL;
	struct conf *conf = NULL;

	enum status status = conf_load(sites_conf(old)->file, &conf, err);
	if (status == STATUS_OK)
		status = sites_new(conf, SITE_FOR_MANY, &sites, err);
	if (status == STATUS_OK) {
		sites_own_conf(sites, conf);
		sites_follow(sites, old);
		log_unchanged(sites_conf(old), conf);
		log_set_level((enum log_level)conf->server.log_level);
		exchange_sites(app, sites);
	} else {
		conf_free(conf);
	}
	sites_release(old);
	return status;
}

/* ---- one request ---- */

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
		  guest_log_key(ex), ex->identity.user, NULL);
	metrics_add_request(ex->route != NULL ? (size_t)(ex->route - page_routes)
					      : page_routes_count,
			    ex->res->status);
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
	enum status status = gate_pass(&ex, &err);
	if (status != STATUS_OK)
		page_send_error(&ex, status, &err);
	else if (ex.route == NULL)
		redirect_to_slash(&ex);
	else
		ex.route->handle(&ex);
	behind_proxy_notice(&ex);
	page_finish(&ex);
	log_request(&ex, started_ms);
	log_request_id(NULL);
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

	/*
	 * Also reads a request that will be refused, because the error answer needs its id and
	 * format.
	 */
	request_read(raw, &ex.req, &refused);
	response->head = ex.req.method == HTTP_HEAD;
	page_send_error(&ex, STATUS_INTERNAL, why);
	page_finish(&ex);
	log_request(&ex, started_ms);
	request_clear(&ex.req);
}
