/*
 * Creates and frees the state of a process, and replaces its sites at a reload. Running requests
 * hold a reference to the old sites; the last release frees them.
 */
#include "page/app.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "page/page.h"

struct app {
	pthread_mutex_t lock; /* protects the pointer `sites`, not what it points to */
	struct sites *sites;
	struct caller_cache *callers;
	_Atomic int64_t misplaced_ms; /* monotonic time of the last warning; 0: none yet */
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

void app_enter(struct app *app, struct exchange *ex)
{
	ex->sites = sites_now(app);
	ex->callers = app->callers;
	ex->warned_ms = &app->misplaced_ms;
}

void app_leave(struct exchange *ex)
{
	sites_return(ex->site);
	sites_release(ex->sites);
}

/* ---- reload ---- */

/* Keys of [server] take effect only after a restart. */
static void tell_what_stays(const struct conf *old, const struct conf *conf)
{
	const char *key = conf_server_difference(&old->server, &conf->server);

	if (key != NULL)
		log_event(LOG_LEVEL_WARN, "restart_needed", "key", key, "why",
			  "this key of [server] is read at the start only", NULL);
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
		tell_what_stays(sites_conf(old), conf);
		log_set_level((enum log_level)conf->server.log_level);
		exchange_sites(app, sites);
	} else {
		conf_free(conf);
	}
	sites_release(old);
	return status;
}
