/*
 * One site's open parts: database, limits, templates, the pre-bind service, who says who is logged
 * in. Who opens which site when is decided in page/sites.h.
 */
#ifndef PAGE_SITE_H
#define PAGE_SITE_H

#include <stdbool.h>

#include "base/secret.h"
#include "conf/conf.h"
#include "identity/identity.h"
#include "prebind/prebind.h"
#include "store/limit.h"
#include "store/store.h"
#include "web/template_shelf.h"

struct site {
	const struct site_conf *conf; /* borrowed */
	bool closed; /* it could not be opened: conf, and templates if they can be read, for a page
			that says so; nothing else is there */
	struct store *store;
	struct limit_store *limits;
	const struct template_set *templates; /* borrowed from the shelf until site_close */
	struct template_shelf *shelf;         /* borrowed */
	struct prebind *prebind;
	struct identity_chain *identity;
	unsigned char csrf_key[SECRET_KEY_LEN];
	struct secret_hmac_key form_key; /* that one, prepared for forms */
};

/* What the process that opens it does. */
enum site_use {
	SITE_FOR_MANY,
	SITE_FOR_SPAWNED, /* … but a web server started it, and would start it again and again */
	SITE_FOR_CHECK,   /* prebindctl check: as for many, but it makes no file */
	SITE_FOR_ONE      /* plain CGI: one request, and nothing is opened that it does not need */
};

/*
 * What the configuration can be told to be wrong about without opening anything.
 * STATUS_BAD_REQUEST.
 */
enum status site_check(const struct site_conf *conf, struct error *err);

/* Opens everything the site needs; after a failure too, site_close frees what was opened. */
enum status site_open(const struct site_conf *conf, enum site_use use, struct template_shelf *shelf,
		      struct site *site, struct error *err);
void site_close(struct site *site);

/* For one that cannot be opened: what an error page needs. Closed by site_close as well. */
void site_open_closed(const struct site_conf *conf, struct template_shelf *shelf,
		      struct site *site);

#endif
