/*
 * The route row and its look-up. The table itself is page/routes.c: the first file to read.
 */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include <stdbool.h>

#include "base/status.h"
#include "web/request.h"

enum route_need { /* what must hold before the handler runs; bits */
		  NEED_NOTHING = 0,
		  NEED_USER = 1,        /* somebody is logged in */
		  NEED_JID = 2,         /* … and has a chat account */
		  NEED_SAME_ORIGIN = 4, /* a POST must come from our own pages (SEC-CSRF-1) */
		  NEED_FETCH = 8, /* a GET must come from script of our own pages (SEC-CSRF-4) */
		  NEED_LOGIN_TOKEN = 16, /* a POST must carry the login form's token */
		  NEED_SESSION_TOKEN =
		      32, /* a POST must carry a token of the session it acts on, if there is one */
		  NEED_GATEWAY = 64,     /* the site answers callers; else the route is not there */
		  NEED_CREDENTIALS = 128 /* the site hands out credentials; likewise */
};

enum route_format { /* what errors are told in */
		    SPEAKS_PAGES,
		    SPEAKS_JSON,
		    SPEAKS_ADHOC /* as Tigase's REST call; bodies of any type reach the handler */
};

struct exchange; /* page/: a request with its site, user and response */

struct route {
	const char *path; /* exact: "/login"; or with a parameter for its last segment: "/x/{y}" */
	unsigned methods; /* bits of enum http_method */
	unsigned needs;   /* bits of enum route_need */
	unsigned speaks;  /* enum route_format */
	struct params query;
	struct params form;
	size_t body_max;  /* bytes; 0: no body */
	bool when_closed; /* the handler also answers for a site that cannot be opened */
	void (*handle)(struct exchange *ex);
};

/*
 * STATUS_OK and *out; STATUS_NOT_FOUND; STATUS_METHOD_NOT_ALLOWED, with *out set (its methods are
 * for Allow).
 */
enum status router_find(const struct route *routes, size_t n, const char *path,
			enum http_method method, const struct route **out);

/* What stands in the path's last segment, borrowed from path; route: the one found for it. */
const char *router_param(const struct route *route, const char *path);

/* "GET, HEAD" for a set of methods; buffer of at least 32 bytes. */
void router_allow(unsigned methods, char out[32]);

#endif
