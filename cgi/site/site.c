/*
 * Opens and closes the resources of one site. The resources are opened in the order in which an
 * operator would check them.
 */
#include "site/site.h"

#include "account/jid_rule.h"
#include "store/database_site.h"

void site_close(struct site *site)
{
	people_close(site->people);
	identity_chain_close(site->identity);
	prebind_free(site->prebind);
	prebind_free(site->guests);
	if (site->templates != NULL)
		template_cache_return(site->cache, site->templates);
	limit_close(site->limits);
	store_close(site->store);
	secret_wipe(site->csrf_key, sizeof(site->csrf_key));
	secret_wipe(&site->form_key, sizeof(site->form_key));
}

enum status site_check(const struct site_conf *conf, struct error *err)
{
	return jid_rule_check_site(conf, err);
}

static enum status limits_open(const struct site_conf *conf, enum site_use use, struct site *site,
			       struct error *err)
{
	if (store_is_server(site->store))
		return limit_open_in(site->store, &site->limits, err);
	if (use == SITE_FOR_CHECK)
		return limit_open_to_look(conf->database, &site->limits, err);
	return use == SITE_FOR_ONE ? limit_open_later(conf->database, &site->limits, err)
				   : limit_open(conf->database, &site->limits, err);
}

static void breakers_share(struct site *site, enum site_use use)
{
	enum breaker_owners owners = BREAKER_OF_PROCESS;

	if (use == SITE_FOR_ONE)
		owners = BREAKER_OF_CGI;
	else if (store_is_server(site->store) && use != SITE_FOR_CHECK)
		owners = BREAKER_OF_ALL_NODES;
	if (owners == BREAKER_OF_PROCESS)
		return;
	prebind_share(site->prebind, owners, site->limits);
	if (site->guests != NULL && owners == BREAKER_OF_ALL_NODES)
		prebind_share(site->guests, owners, site->limits);
}

enum status site_open(const struct site_conf *conf, enum site_use use, struct template_cache *cache,
		      struct site *site, struct error *err)
{
	enum status status = site_check(conf, err);

	*site = (struct site){.conf = conf, .cache = cache};
	if (status == STATUS_OK)
		status =
		    conf_blame(store_open(&STORE_LOCATION(conf), conf->name, &site->store, err),
			       err, conf_site_place(conf, "database"));
	if (status == STATUS_OK)
		status = conf_blame(limits_open(conf, use, site, err), err,
				    conf_site_place(conf, "database"));
	if (status == STATUS_OK)
		status = site_key_get(site->store, "csrf", site->csrf_key, err);
	if (status == STATUS_OK)
		secret_hmac_prepare(&site->form_key, site->csrf_key);
	if (status == STATUS_OK)
		status =
		    conf_blame(template_cache_borrow(cache, conf->templates, &site->templates, err),
			       err, conf_site_place(conf, "templates"));
	if (status == STATUS_OK)
		status = use == SITE_FOR_ONE ? STATUS_OK : site_pages_check(site, err);
	if (status == STATUS_OK)
		status = prebind_new(conf, site->store, &site->prebind, err);
	if (status == STATUS_OK && conf_site_has_provider(conf, PROVIDER_GUEST))
		status = prebind_new_guests(conf, site->store, &site->guests, err);
	if (status == STATUS_OK)
		breakers_share(site, use);
	if (status == STATUS_OK)
		status = identity_chain_open(conf, &site->identity, err);
	if (status == STATUS_OK)
		status = people_open(conf, use == SITE_FOR_ONE, &site->people, err);
	return status;
}

void site_open_closed(const struct site_conf *conf, struct template_cache *cache, struct site *site)
{
	*site = (struct site){.conf = conf, .cache = cache, .closed = true};
	if (template_cache_borrow(cache, conf->templates, &site->templates, NULL) != STATUS_OK)
		site->templates = NULL;
}
