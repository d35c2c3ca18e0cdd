/*
 * Making and freeing what a process holds.
 */
#include "page/app.h"

#include <stdlib.h>

#include "page/page.h"

struct app {
	struct sites *sites;
	struct caller_cache *callers;
};

enum status app_new(const struct conf *conf, struct app **out, struct error *err)
{
	struct app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return error_no_memory(err);
	enum status status = caller_cache_new(&app->callers, err);
	if (status == STATUS_OK)
		status = sites_new(conf, &app->sites, err);
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
	free(app);
}

void app_enter(struct app *app, struct exchange *ex)
{
	ex->sites = sites_hold(app->sites);
	ex->callers = app->callers;
}

void app_leave(struct exchange *ex)
{
	sites_return(ex->site);
	sites_release(ex->sites);
}
