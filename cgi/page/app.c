/*
 * Opening and closing what a process holds. A site that cannot be opened stops the start: half a configuration
 * served would hide the fault.
 */
#include "page/app.h"

#include <stdlib.h>
#include <string.h>

#include "identity/jid_rule.h"
#include "page/page.h"
#include "store/site_key.h"

void site_close(struct site *site)
{
	identity_chain_close(site->identity);
	prebind_free(site->prebind);
	template_set_free(site->templates);
	limit_close(site->limits);
	store_close(site->store);
	secret_wipe(site->csrf_key, sizeof(site->csrf_key));
}

enum status site_open(const struct site_conf *conf, struct site *site, struct error *err)
{
	enum status status = jid_rule_check(conf->jid, err);

	*site = (struct site){.conf = conf};
	if (status == STATUS_OK)
		status = store_open(conf->database, &site->store, err);
	if (status == STATUS_OK)
		status = limit_open(conf->database, &site->limits, err);
	if (status == STATUS_OK)
		status = site_key_get(site->store, "csrf", site->csrf_key, err);
	if (status == STATUS_OK)
		status = template_set_load(conf->templates, page_templates, page_templates_count,
					   &site->templates, err);
	if (status == STATUS_OK)
		status = prebind_new(conf, site->store, &site->prebind, err);
	if (status == STATUS_OK)
		status = identity_chain_open(conf, &site->identity, err);
	return status;
}

enum status app_new(const struct conf *conf, struct app **out, struct error *err)
{
	struct error why = {0};
	enum status status = STATUS_OK;
	struct app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return error_no_memory(err);
	app->conf = conf;
	app->sites = calloc(conf->n_sites, sizeof(*app->sites));
	if (app->sites == NULL || caller_cache_new(&app->callers, err) != STATUS_OK) {
		free(app->sites);
		free(app);
		return error_no_memory(err);
	}
	for (size_t i = 0; i < conf->n_sites && status == STATUS_OK; i++) {
		status = site_open(&conf->sites[i], &app->sites[i], &why);
		if (status != STATUS_OK)
			error_set(err, status, "[site %s]: %s", conf->sites[i].name, why.text);
	}
	if (status != STATUS_OK)
		app_free(app);
	else
		*out = app;
	return status;
}

void app_free(struct app *app)
{
	if (app == NULL)
		return;
	for (size_t i = 0; i < app->conf->n_sites; i++)
		site_close(&app->sites[i]);
	free(app->sites);
	caller_cache_free(app->callers);
	free(app);
}
