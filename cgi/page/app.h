/*
 * The state of a process: the sites of the current configuration, and what outlives a reload. Also
 * the state of one request while it is handled: the exchange.
 */
#ifndef PAGE_APP_H
#define PAGE_APP_H

#include <stdint.h>

#include "page/caller.h"
#include "identity/identity.h"
#include "site/sites.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include "xmpp/jid.h"

struct app; /* opaque; thread-safe */

struct exchange {
	struct sites *sites; /* counted until the request ends */
	/*
	 * The site of the Host, borrowed from `sites`; it may be closed. NULL: the Host is unknown.
	 */
	struct site *site;
	struct store *reader;         /* of the site's store, while check_needs runs */
	struct caller_cache *callers; /* borrowed from the process */
	const struct raw_request *raw;
	struct request req;
	struct response *res;      /* borrowed from the server */
	const struct route *route; /* NULL until it is found */
	struct identity identity;  /* filled if the route needs a user */
	struct jid jid;            /* the user's bare JID; filled if the route needs it */
	bool identified;           /* identity is filled */
	/* A provider found a bad login: identity has only source and cookie. */
	bool refused;
	bool misplaced; /* the Host or the path is not in the configuration */
	/* When `misplaced` was last logged as a warning, monotonic; borrowed from the process. */
	_Atomic int64_t *warned_ms;
	int64_t now; /* seconds, wall clock */
};

/* Returns what sites_new returns. conf is borrowed; the caller frees *out with app_free. */
enum status app_new(const struct conf *conf, enum site_use use, struct app **out,
		    struct error *err);
void app_free(struct app *app); /* NULL is allowed; no request may be running */

/*
 * Reads the configuration again, and with it templates, secrets and keys. Requests that are running
 * keep the old ones. If the configuration or the only site cannot be used, nothing changes.
 */
enum status app_reload(struct app *app, struct error *err);

/* The server's handler: one request, from its raw form to the response. */
void app_handle(void *app, const struct raw_request *raw, struct response *response);

/*
 * The handler if the configuration cannot be used, so there is no app. It logs the reason and
 * answers 500, as JSON or as a page.
 */
void app_handle_failed(const struct error *why, const struct raw_request *raw,
		       struct response *response);

#endif
