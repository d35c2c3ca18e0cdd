/*
 * struct app is the state of a process: the sites of the current configuration, and the data that a
 * reload does not replace. struct exchange is the state of one request.
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
	struct sites *sites; /* a counted reference, held until the request ends */
	/*
	 * The site that the Host header names, borrowed from `sites`. NULL if no site has this
	 * Host. The site is closed if it could not be opened.
	 */
	struct site *site;
	struct store *reader;         /* reads the site's store; set only in check_needs */
	struct caller_cache *callers; /* borrowed from the app */
	const struct raw_request *raw;
	struct request req;
	struct response *res;      /* borrowed from the server */
	const struct route *route; /* NULL until it is found */
	struct identity identity;  /* the visitor; set if the route needs a user */
	struct jid jid;            /* the user's bare JID; set if the route needs it */
	bool identified;           /* true if identity is set */
	/*
	 * True if a provider refused the login. Only identity.source and identity.cookie are then
	 * set.
	 */
	bool refused;
	bool misplaced; /* true if the configuration does not have the Host or the path */
	/*
	 * When the last warning about `misplaced` was logged, in monotonic ms. Borrowed from the
	 * app.
	 */
	_Atomic int64_t *warned_ms;
	int64_t now; /* wall-clock time in seconds */
};

/*
 * Opens the sites and returns the status of sites_new. conf is borrowed. The caller passes *out to
 * app_free.
 */
enum status app_new(const struct conf *conf, enum site_use use, struct app **out,
		    struct error *err);
void app_free(struct app *app); /* accepts NULL; call it after the last request has ended */

/*
 * Reads the configuration again, and also the templates, secrets and keys. Requests that are
 * already running continue with the old ones. Nothing changes if the configuration is unusable, or
 * if its only site is unusable.
 */
enum status app_reload(struct app *app, struct error *err);

/* The server's request handler. Reads the raw request and fills the response. */
void app_handle(void *app, const struct raw_request *raw, struct response *response);

/*
 * The request handler if there is no app, because the configuration is unusable. Logs the reason
 * and answers with status 500, as JSON or as a page.
 */
void app_handle_failed(const struct error *why, const struct raw_request *raw,
		       struct response *response);

#endif
