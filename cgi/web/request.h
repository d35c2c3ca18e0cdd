/*
 * One HTTP request, typed and checked: all that a handler may look at. It holds no user. Texts are
 * borrowed from the raw request and live as long as the exchange, unless noted. The request owns
 * the rest; request_clear frees it.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "web/forwarded.h"

/* A request as CGI or FastCGI gives it: parameters, and a body to read. */
struct raw_request {
	char *const *params; /* "NAME=value" …, NULL; borrowed until the handler returns */
	/*
	 * Reads from the body. 0: the end. -1: the body is incomplete or, with EBUSY, too many
	 * requests wait for a body.
	 */
	ssize_t (*read)(void *io, void *buffer, size_t size);
	void *io;
	int64_t began_ms; /* monotonic */
};

#define REQUEST_ID_LEN    16
#define REQUEST_NONCE_LEN 32
/* parameters of CGI; this and the next limits cap what a stranger can send */
#define REQUEST_PARAMS_MAX       200
#define REQUEST_PARAMS_BYTES_MAX 65536
#define REQUEST_URI_MAX          4096
#define REQUEST_QUERY_MAX        2048
#define REQUEST_COOKIE_MAX       8192
#define REQUEST_COOKIES_MAX      64
#define REQUEST_FIELDS_MAX       16

enum http_method { /* bits, for the set that a route has */
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
	/* hex; it is in the log, on the error page and in X-Request-Id */
	char id[REQUEST_ID_LEN + 1];
	char nonce[REQUEST_NONCE_LEN + 1]; /* hex; for the page's Content-Security-Policy */
	enum http_method method;
	bool https;
	/* owned, as are the next two; lower case, without port and final dot; or "" */
	char *host;
	/* "https://example.org[:port]": the Origin of our own pages, without the final dot */
	char *origin_self;
	char *content_type; /* "" if none; lower case, without parameters */
	/* owned; SCRIPT_NAME and PATH_INFO as one path; path points into it */
	char *whole;
	char *given_base;        /* owned; the value of base if the web server gives it */
	const char *script_name; /* as the web server gave it, decoded; so is the next */
	const char *path_info;   /* NULL: absent */
	const char *uri;         /* REQUEST_URI: as the client sent it, unchecked; NULL: absent */
	/* what our links begin with, "" or "/chat"; set by request_mount */
	const char *base;
	/* the path below base: "/login"; "" if the mount point was requested without '/' */
	const char *path;
	const char *remote_addr; /* the visitor's, after request_believe_proxies */
	char *visitor;           /* owned; remote_addr if a trusted proxy says it, else NULL */
	/* a trusted proxy passed the request on, and does not say whose it is */
	bool visitor_unknown;
	/* X-Forwarded-For, unchecked; only request_believe_proxies believes it; NULL: absent */
	const char *forwarded_for;
	const char *forwarded;   /* Forwarded, likewise */
	const char *host_header; /* the Host header's text; NULL: absent */
	/* NULL: the web server has authenticated no user; likewise the next */
	const char *remote_user;
	const char *auth_type;
	const char *accept;
	const char *accept_language; /* NULL: absent */
	const char *origin;          /* NULL: the header is absent; likewise the next four */
	const char *referer;
	const char *fetch_site;
	const char *fetch_mode;
	const char *fetch_dest;
	bool prefetch;             /* Sec-Purpose or Purpose says so */
	const char *cookie;        /* the header's text; NULL: none */
	const char *authorization; /* unchanged; secret; NULL: absent, likewise the next */
	const char *api_key;       /* the header Api-Key; secret */
	struct fields query;
	struct fields form; /* an application/x-www-form-urlencoded body, after request_body_read */
	struct strbuf body; /* secret */
};

/*
 * Reads all but the body. *out can always be given to request_clear, and its id and nonce are
 * always set. STATUS_BAD_REQUEST: malformed, or a parameter that must be unique occurs twice. Also
 * STATUS_URI_TOO_LONG and STATUS_HEADERS_TOO_LARGE.
 */
enum status request_read(const struct raw_request *raw, struct request *out, struct error *err);
void request_clear(struct request *req);

/*
 * Replaces remote_addr, https and host by what trusted proxies say (web/forwarded.h). Without a
 * trusted proxy nothing changes. Call it right after request_read. STATUS_BAD_REQUEST: what they
 * say is malformed or contradicts itself.
 */
enum status request_believe_proxies(const struct raw_request *raw,
				    const struct forwarded_trust *trust, struct request *req,
				    struct error *err);

/*
 * Splits the path at the mount point. That is base_path if it is configured (set is true; base_path
 * is then borrowed), else it follows from SCRIPT_NAME and PATH_INFO. The path is always made of
 * these two, because the web server's access rules saw them. REQUEST_URI only tells which mount
 * point the browser knows. STATUS_BAD_REQUEST: the path is ambiguous. STATUS_NOT_FOUND: it is not
 * below base_path. STATUS_INTERNAL: the mount point is not known; the error says to set base_path.
 */
enum status request_mount(struct request *req, const char *base_path, bool set, struct error *err);

/*
 * Reads the body, at most max bytes, and the fields of a form. STATUS_BODY_TOO_LARGE: it is longer.
 * STATUS_UNSUPPORTED_MEDIA_TYPE: it is neither a form nor JSON. STATUS_BAD_REQUEST: the length does
 * not match, an escape is broken, or there are too many fields.
 */
enum status request_body_read(const struct raw_request *raw, size_t max, struct request *req,
			      struct error *err);

/* As request_body_read, but it accepts a body of any type and reads no fields. */
enum status request_body_read_any(const struct raw_request *raw, size_t max, struct request *req,
				  struct error *err);

/*
 * The parameters that a route declares. A parameter that is repeated, too long or (in a form) not
 * declared is STATUS_BAD_REQUEST.
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
 * Puts the value of the cookie of that name into *out, which the caller frees. STATUS_NOT_FOUND:
 * there is none. STATUS_BAD_REQUEST: there are several with different values, or the value has a
 * character that a cookie cannot have. Only ';' separates cookies, as in PHP and in the site
 * itself. A comma, and what follows it, is part of the value.
 */
enum status request_cookie(const struct request *req, const char *name, char **out,
			   struct error *err);

/*
 * Returns the address to go to after the login. That is next if it is a path of ours, else the
 * mount point with '/'. A path of ours has one leading slash, no backslash and no control
 * character. It is below the mount point and has at most 512 bytes. Any other address could send
 * the user to a foreign site. The caller frees the result; NULL: out of memory.
 */
char *request_next(const struct request *req, const char *next);

/* GET, HEAD, POST; HTTP_OTHER for everything else. */
enum http_method http_method_parse(const char *name);

#endif
