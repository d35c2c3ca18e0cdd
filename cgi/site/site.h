/*
 * The open resources of one site: database, limits, templates, the pre-bind service, and the
 * identity providers. site/sites.h decides which sites are open.
 */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <stdbool.h>

#include "account/people.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "identity/identity.h"
#include "prebind/prebind.h"
#include "store/limit.h"
#include "store/store.h"
#include "template/cache.h"

struct site {
	const struct site_conf *conf; /* borrowed */
	/*
	 * True if the site could not be opened. Then only conf is set. If the templates can be
	 * read, `templates` is also set, for the error page.
	 */
	bool closed;
	struct store *store;
	struct limit_store *limits;
	const struct template_set *templates; /* borrowed from the cache until site_close */
	struct template_cache *cache;         /* borrowed */
	struct prebind *prebind;
	struct prebind *guests; /* makes the sessions of guests; NULL if the site has no guests */
	struct identity_chain *identity;
	struct people *people; /* NULL if people = off */
	unsigned char csrf_key[SECRET_KEY_LEN];
	struct secret_hmac_key form_key; /* csrf_key, prepared for form tokens */
};

/* The kind of process that opens the site. */
enum site_use {
	SITE_FOR_MANY,
	SITE_FOR_SPAWNED, /* like SITE_FOR_MANY, but a web server starts and restarts it */
	SITE_FOR_CHECK,   /* for prebindctl check: like SITE_FOR_MANY, but creates no file */
	SITE_FOR_ONE      /* plain CGI: serves one request, and opens only what it needs */
};

/* All pages, and the template variables that each page can use. Defined in pages.c. */
extern const struct template_page site_pages[];
extern const size_t site_pages_count;

/* Returns the template file of the page at /, which depends on the key `client`. */
const char *site_chat_page(const struct site_conf *conf);

/*
 * Checks that the templates have the page for the site's client, and a file for each of the site's
 * languages. Returns STATUS_BAD_REQUEST if the page or a language file is missing.
 */
enum status site_pages_check(const struct site *site, struct error *err);

/*
 * Checks the configuration without opening anything. Returns STATUS_BAD_REQUEST if the
 * configuration is wrong.
 */
enum status site_check(const struct site_conf *conf, struct error *err);

/* Opens everything that the site needs. The caller calls site_close, also after a failure. */
enum status site_open(const struct site_conf *conf, enum site_use use, struct template_cache *cache,
		      struct site *site, struct error *err);
void site_close(struct site *site);

/*
 * Sets up a site that could not be opened, so that its error page can be shown. site_close closes
 * it.
 */
void site_open_closed(const struct site_conf *conf, struct template_cache *cache,
		      struct site *site);

#endif
