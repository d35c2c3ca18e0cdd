/*
 * What a process holds: the configuration and, per site, its open parts. Constant after the start but for what the
 * parts guard themselves. And one request on its way through it: the exchange.
 */
#ifndef PAGE_APP_H
#define PAGE_APP_H

#include <stdint.h>

#include "base/secret.h"
#include "conf/conf.h"
#include "identity/caller.h"
#include "identity/identity.h"
#include "prebind/prebind.h"
#include "store/limit.h"
#include "store/store.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include "web/server.h"
#include "web/template.h"
#include "xmpp/jid.h"

struct site {
	const struct site_conf *conf;
	struct store *store;
	struct limit_store *limits;
	struct template_set *templates;
	struct prebind *prebind;
	struct identity_chain *identity;
	unsigned char csrf_key[SECRET_KEY_LEN];
};

struct app {
	const struct conf *conf; /* borrowed */
	struct site *sites;      /* in the order of conf->sites */
	struct caller_cache *callers;
};

struct exchange {
	struct app *app;
	struct site *site; /* NULL until the Host is known */
	const struct gateway *gateway;
	struct request req;
	struct response *res;      /* borrowed from the server */
	const struct route *route; /* NULL until found */
	struct identity identity;  /* filled where the route needs a user */
	struct jid jid;            /* bare; as well */
	bool identified;           /* identity is filled */
	long retry_after;          /* seconds, for 429 and 503; 0: none */
	char nonce[25];            /* of the Content-Security-Policy */
	int64_t now;               /* seconds, wall clock */
};

/* Opens everything one site needs; after a failure too, site_close frees what was opened. */
enum status site_open(const struct site_conf *conf, struct site *site, struct error *err);
void site_close(struct site *site);

/* Opens all sites; the sentence of a failure begins with the site's name. */
enum status app_new(const struct conf *conf, struct app **out, struct error *err);
void app_free(struct app *app);

/* The server's handler: one request, from the gateway to the response. page/routes.c. */
void app_handle(void *app, const struct gateway *gateway, struct response *response);

#endif
