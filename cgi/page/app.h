/*
 * The state of a process (struct app): the sites of the current configuration, and data that is
 * kept at a reload. Also the state of one request while it is handled (struct exchange).
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
	 * The site of the Host, borrowed from `sites`. It can be closed. NULL if the Host is
	 * unknown.
	 */
	struct site *site;
	struct store *reader;         /* reads the site's store; set while check_needs runs */
	struct caller_cache *callers; /* borrowed from the process */
	const struct raw_request *raw;
	struct request req;
	struct response *res;      /* borrowed from the server */
	const struct route *route; /* NULL until it is found */
	struct identity identity;  /* filled if the route needs a user */
	struct jid jid;            /* the user's bare JID; filled if the route needs it */
	bool identified;           /* identity is filled */
	/* A provider refused the login. identity then has only source and cookie. */
	bool refused;
	bool misplaced; /* the Host or the path is not in the configuration */
	/* When `misplaced` was last logged as a warning, in monotonic ms; borrowed from the app. */
	_Atomic int64_t *warned_ms;
	int64_t now; /* wall clock, in seconds */
};

/* Returns what sites_new returns. conf is borrowed; the caller frees *out with app_free. */
enum status app_new(const struct conf *conf, enum site_use use, struct app **out,
		    struct error *err);
void app_free(struct app *app); /* accepts NULL; call it when no request is running */

/*
 * Reads the configuration again, and with it templates, secrets and keys. Requests that are running
 * keep the old ones. If the configuration or the only site cannot be used, nothing changes.
 */
enum status app_reload(struct app *app, struct error *err);

/* The server's handler. Reads the raw request and fills the response. */
void app_handle(void *app, const struct raw_request *raw, struct response *response);

/*
 * The handler if there is no app, because the configuration cannot be used. It logs the reason and
 * answers 500, as JSON or as a page.
 */
void app_handle_failed(const struct error *why, const struct raw_request *raw,
		       struct response *response);

#endif
