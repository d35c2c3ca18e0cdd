/*
 * One HTTP request, typed and checked: what a handler may look at. It knows no user. Texts are
 * borrowed from the gateway, for the exchange's life, where nothing else is said; the rest is owned
 * by it and freed by request_clear.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

struct gateway;

#define REQUEST_ID_LEN           16
#define REQUEST_PARAMS_MAX       200 /* gateway parameters; SEC-LIM-1, as the ones below */
#define REQUEST_PARAMS_BYTES_MAX 65536
#define REQUEST_URI_MAX          4096
#define REQUEST_QUERY_MAX        2048
#define REQUEST_COOKIE_MAX       8192
#define REQUEST_COOKIES_MAX      64
#define REQUEST_FIELDS_MAX       16

enum http_method { /* bits: a route has a set of them */
		   HTTP_OTHER = 0,
		   HTTP_GET = 1,
		   HTTP_HEAD = 2,
		   HTTP_POST = 4
};

struct field {
	char *name;
	char *value;
};

struct fields {
	struct field items[REQUEST_FIELDS_MAX];
	size_t count;
};

struct request {
	char id[REQUEST_ID_LEN + 1]; /* hex; in the log, the error page and X-Request-Id */
	enum http_method method;
	bool https;
	char *host; /* owned, as the next two; lower case, without port and the root's dot; or "" */
	char *
	    origin_self; /* "https://example.org[:port]": our own pages' Origin, without that dot */
	char *content_type;      /* "" if none; lower case, without parameters */
	char *whole;             /* owned: SCRIPT_NAME and PATH_INFO as one path; path lies in it */
	char *given_base;        /* owned: what base is, where the gateway says it */
	const char *script_name; /* as the gateway gave them, decoded */
	const char *path_info;   /* NULL: absent */
	const char *uri;         /* REQUEST_URI: as the client sent it, unchecked; NULL: absent */
	const char *base;        /* what our links begin with, "" or "/chat": by request_mount */
	const char *path; /* below it: "/login"; "" if the mount point was asked for without '/' */
	const char *remote_addr;
	const char *forwarded_for; /* X-Forwarded-For, unchecked and never believed; NULL: absent */
	const char *forwarded;     /* the header of that name, as well */
	const char *remote_user;   /* NULL: the web server has authenticated nobody; as the next */
	const char *auth_type;
	const char *accept;
	const char *accept_language; /* NULL: absent */
	const char *origin;          /* NULL, as the next ones: header absent */
	const char *referer;
	const char *fetch_site;
	const char *fetch_mode;
	const char *fetch_dest;
	bool prefetch;             /* Sec-Purpose or Purpose says so */
	const char *cookie;        /* the header's text; NULL: none */
	const char *authorization; /* as it came; secret; NULL: none, as the next */
	const char *api_key;       /* the header Api-Key; secret */
	struct fields query;
	struct fields form; /* an application/x-www-form-urlencoded body, after request_body_read */
	struct strbuf body; /* secret */
};

/*
 * Reads everything but the body. *out is always left in a state that request_clear takes, and its
 * id is always set. STATUS_BAD_REQUEST (malformed; a parameter that must be unique is there twice),
 * URI_TOO_LONG, HEADERS_TOO_LARGE.
 */
enum status request_read(const struct gateway *gateway, struct request *out, struct error *err);
void request_clear(struct request *req);

/*
 * Splits the path at the mount point: base_path where it is configured (set; then borrowed), else
 * SCRIPT_NAME and PATH_INFO. The path is always made of these two, which the web server's access
 * rules saw; REQUEST_URI only tells which mount point the browser knows. STATUS_BAD_REQUEST: the
 * path could mean two things. STATUS_NOT_FOUND: not below base_path. STATUS_INTERNAL: the mount
 * point is not known; the sentence says to set base_path.
 */
enum status request_mount(struct request *req, const char *base_path, bool set, struct error *err);

/*
 * Reads the body under a cap and, if it is a form, its fields. STATUS_BODY_TOO_LARGE,
 * UNSUPPORTED_MEDIA_TYPE (a body that is neither a form nor JSON), BAD_REQUEST (length does not
 * match, broken escapes, too many fields).
 */
enum status request_body_read(const struct gateway *gateway, size_t max, struct request *req,
			      struct error *err);

/* As that, whatever its type: no fields are read. */
enum status request_body_read_any(const struct gateway *gateway, size_t max, struct request *req,
				  struct error *err);

/*
 * Declared parameters: anything repeated, over-long or (in a form) undeclared is
 * STATUS_BAD_REQUEST.
 */
struct param {
	const char *name;
	size_t max; /* bytes */
};
struct params {
	const struct param *items;
	size_t count;
};
enum status request_params_check(const struct request *req, const struct params *query,
				 const struct params *form, struct error *err);

/* The field's value, borrowed; NULL if it is not there. */
const char *fields_get(const struct fields *fields, const char *name);

/*
 * The value of the cookie of that name into *out, the caller frees it. STATUS_NOT_FOUND: there is
 * none. STATUS_BAD_REQUEST: there are several with different values, or the value has a character
 * that no cookie has. Only ';' separates, as in PHP and in the site itself: what others put into
 * their cookies behind a comma is part of their value.
 */
enum status request_cookie(const struct request *req, const char *name, char **out,
			   struct error *err);

/*
 * The place to go to after the login: `next` if it is a path of ours (SEC-RED-1: one leading slash,
 * no backslash, no controls, under the mount point, ≤ 512 bytes), else the mount point with '/'.
 * The caller frees; NULL: out of memory.
 */
char *request_next(const struct request *req, const char *next);

/* GET, HEAD, POST; HTTP_OTHER for everything else. */
enum http_method http_method_parse(const char *name);

#endif
