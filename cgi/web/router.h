/*
 * A route and the function that finds it. The table itself is page/routes.c, which is the first
 * file to read.
 */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include <stdbool.h>

#include "base/status.h"
#include "web/request.h"

enum route_need { /* bits; what must be true before the handler runs */
		  NEED_NOTHING = 0,
		  NEED_USER = 1,         /* a user is logged in */
		  NEED_JID = 2,          /* … and has a chat account */
		  NEED_SAME_ORIGIN = 4,  /* a POST must come from our own pages */
		  NEED_FETCH = 8,        /* a GET must come from script of our own pages */
		  NEED_LOGIN_TOKEN = 16, /* a POST must carry the login form's token */
		  NEED_SESSION_TOKEN =
		      32, /* a POST must carry a token of the session it acts on, if there is one */
		  /* the site answers callers; else the route does not exist */
		  NEED_ADHOC = 64,
		  NEED_CREDENTIALS = 128, /* the site hands out credentials; likewise */
		  GUEST_MAY =
		      256, /* a guest counts as a user; elsewhere nobody is logged in then */
		  NEED_PEOPLE = 512, /* the site shows its people; else the route does not exist */
		  /* the user and the account are found, if there are any */
		  NEED_VISITOR = 1024
};

/* The format of error answers. SPEAKS_ADHOC: as Tigase's REST call, with bodies of any type. */
enum route_format { SPEAKS_PAGES, SPEAKS_JSON, SPEAKS_ADHOC };

struct exchange; /* page/: a request with its site, user and response */

struct route {
	const char *path; /* exact: "/login"; or with a parameter for its last segment: "/x/{y}" */
	unsigned methods; /* bits of enum http_method */
	unsigned needs;   /* bits of enum route_need */
	enum route_format speaks;
	struct params query;
	struct params form;
	size_t body_max;  /* bytes; 0: no body */
	bool when_closed; /* the handler also answers for a site that cannot be opened */
	void (*handle)(struct exchange *ex);
};

/*
 * STATUS_OK: *out is the route. STATUS_NOT_FOUND: no route has this path.
 * STATUS_METHOD_NOT_ALLOWED: *out is the route of the path, and its methods are for Allow.
 */
enum status router_find(const struct route *routes, size_t n, const char *path,
			enum http_method method, const struct route **out);

/* Returns the path's last segment, borrowed from path. route: the one found for the path. */
const char *router_param(const struct route *route, const char *path);

/* Writes a set of methods as "GET, HEAD". */
void router_allow(unsigned methods, char out[32]);

#endif
