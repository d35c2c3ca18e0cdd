/*
 * What a process holds for its life: the sites of the configuration that is in force, and what
 * outlives a change of it. And one request on its way through: the exchange.
 */
#ifndef PAGE_APP_H
#define PAGE_APP_H

#include <stdint.h>

#include "base/codec.h"
#include "identity/caller.h"
#include "identity/identity.h"
#include "page/sites.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include "web/server.h"
#include "xmpp/jid.h"

struct app; /* opaque; thread-safe */

#define EXCHANGE_NONCE_BYTES 16

struct exchange {
	struct sites *sites;  /* counted until the request's end */
	struct site *site;    /* of the Host; borrowed from those; may be closed; NULL: not known */
	struct store *reader; /* of the site's store, while its needs are checked */
	struct caller_cache *callers; /* borrowed from the process */
	const struct gateway *gateway;
	struct request req;
	struct response *res;      /* borrowed from the server */
	const struct route *route; /* NULL until found */
	struct identity identity;  /* filled where the route needs a user */
	struct jid jid;            /* bare; as well */
	bool identified;           /* identity is filled */
	bool refused;              /* a provider said BAD: identity holds source and cookie alone */
	long retry_after;          /* seconds, for 429 and 503; 0: none */
	bool misplaced;            /* its Host or its path is none of ours */
	_Atomic int64_t *warned_ms; /* when that was last a warning; borrowed from the process */
	int64_t now;                /* seconds, wall clock */

	/* of the Content-Security-Policy; "" until a page needs it */
	char nonce[CODEC_BASE64URL_LEN(EXCHANGE_NONCE_BYTES) + 1];
};

/* What sites_new says of the configuration, which is borrowed. */
enum status app_new(const struct conf *conf, enum site_use use, struct app **out,
		    struct error *err);
void app_free(struct app *app); /* takes NULL; no request is under way */

/*
 * Reads the configuration's files anew, and with them templates, secrets and keys. Requests under
 * way end with what they began with. Where the configuration, or the only site, cannot be used, all
 * stays as it is.
 */
enum status app_reload(struct app *app, struct error *err);

/* The two ends of a request: between them the sites it began with are there. */
void app_enter(struct app *app, struct exchange *ex);
void app_leave(struct exchange *ex);

/* The server's handler: one request, from the gateway to the response. page/routes.c. */
void app_handle(void *app, const struct gateway *gateway, struct response *response);

/*
 * The same without an app, because the configuration cannot be used: logs why, and answers 500 in
 * the form that was asked for.
 */
void app_handle_failed(const struct error *why, const struct gateway *gateway,
		       struct response *response);

#endif
