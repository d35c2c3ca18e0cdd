/*
 * A route and the function that finds it. The table of routes is in page/routes.c. Read that file
 * first.
 */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include <stdbool.h>

#include "base/status.h"
#include "web/request.h"

enum route_need { /* bits; conditions that must be met before the handler runs */
		  NEED_NOTHING = 0,
		  NEED_USER = 1,         /* a user is logged in */
		  NEED_JID = 2,          /* the user has a chat account */
		  NEED_SAME_ORIGIN = 4,  /* a POST must come from our own pages */
		  NEED_FETCH = 8,        /* a GET must come from a script of our own pages */
		  NEED_LOGIN_TOKEN = 16, /* a POST must carry the login form's token */
		  /* if there is a session, a POST must carry that session's token */
		  NEED_SESSION_TOKEN = 32,
		  /*
		   * the site accepts ad-hoc calls (key gateway); otherwise the route does not exist
		   */
		  NEED_ADHOC = 64,
		  /* the site hands out credentials; otherwise the route does not exist */
		  NEED_CREDENTIALS = 128,
		  /*
		   * a guest counts as a user; on routes without this bit a guest counts as not
		   * logged in
		   */
		  GUEST_MAY = 256,
		  /* the site lists its people (key people); otherwise the route does not exist */
		  NEED_PEOPLE = 512,
		  /* the user and the account are looked up, but can be missing */
		  NEED_VISITOR = 1024
};

/*
 * The format of error answers. SPEAKS_ADHOC is the format of Tigase's REST call. Such a route also
 * accepts bodies of any type.
 */
enum route_format { SPEAKS_PAGES, SPEAKS_JSON, SPEAKS_ADHOC };

struct exchange; /* defined in page/app.h: a request with its site, user and response */

struct route {
	const char *path; /* exact ("/login"), or with a parameter as its last segment ("/x/{y}") */
	unsigned methods; /* bits of enum http_method */
	unsigned needs;   /* bits of enum route_need */
	enum route_format speaks;
	struct params query;
	struct params form;
	size_t body_max;  /* in bytes; 0 if the route accepts no body */
	bool when_closed; /* true if the handler can answer for a site that is not open */
	void (*handle)(struct exchange *ex);
};

/*
 * Finds the route and sets *out to it. Returns STATUS_NOT_FOUND if no route has this path. Returns
 * STATUS_METHOD_NOT_ALLOWED if the route of this path does not accept the method; *out is then also
 * set, for the Allow header.
 */
enum status router_find(const struct route *routes, size_t n, const char *path,
			enum http_method method, const struct route **out);

/* Returns the last segment of path, borrowed. route is the route that was found for path. */
const char *router_param(const struct route *route, const char *path);

/* Writes a set of methods as "GET, HEAD". */
void router_allow(unsigned methods, char out[32]);

#endif
