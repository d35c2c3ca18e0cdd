/*
 * One HTTP request, typed and checked. Handlers use only this struct, not the raw request. It does
 * not say who is logged in. Strings are borrowed from the raw request and are valid during the
 * exchange, unless a comment says otherwise. The request owns all other members; request_clear
 * frees them.
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
#include "web/request_limits.h"

/* A request as CGI or FastCGI gives it: parameters, and a body to read. */
struct raw_request {
	char *const *params; /* "NAME=value" strings and NULL; borrowed until the handler returns */
	/*
	 * Reads from the body. Returns 0 at the end. Returns -1 if the body is incomplete or, with
	 * errno EBUSY, if too many requests wait for a body.
	 */
	ssize_t (*read)(void *io, void *buffer, size_t size);
	void *io;
	int64_t began_ms; /* when the request began, in monotonic ms */
};

#define REQUEST_ID_LEN    16
#define REQUEST_NONCE_LEN 32

enum http_method { /* bits, because a route has a set of methods */
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
	/* in hex; shown in the log, on the error page and in X-Request-Id */
	char id[REQUEST_ID_LEN + 1];
	char nonce[REQUEST_NONCE_LEN + 1]; /* in hex; for the page's Content-Security-Policy */
	enum http_method method;
	bool https;
	/* owned; in lower case, without port and final dot; "" if there is no Host header */
	char *host;
	/* owned; the Origin of our own pages, "https://example.org[:port]", without a final dot */
	char *origin_self;
	char *content_type; /* owned; in lower case, without parameters; "" if there is none */
	/* owned; SCRIPT_NAME and PATH_INFO joined; path usually points into it */
	char *whole;
	char *given_base;        /* owned; the mount point; NULL if base_path is configured */
	const char *script_name; /* from the web server, decoded */
	const char *path_info;   /* from the web server, decoded; NULL if absent */
	const char *uri;         /* REQUEST_URI as the client sent it, unchecked; NULL if absent */
	/* the mount point, with which our links begin: "" or "/chat"; set by request_mount */
	const char *base;
	/* the path below base, such as "/login"; "" for the mount point without '/' */
	const char *path;
	const char *remote_addr; /* the visitor's address, after request_believe_proxies */
	char *visitor;           /* owned; the address that a trusted proxy reports, or NULL */
	/*
	 * true if a trusted proxy passed the request on, but did not report the visitor's address
	 */
	bool visitor_unknown;
	/* X-Forwarded-For, unchecked, because anybody can send it; NULL if absent */
	const char *forwarded_for;
	const char *forwarded;   /* the Forwarded header, unchecked; NULL if absent */
	const char *host_header; /* the Host header's text; NULL if absent */
	/* remote_user and auth_type are NULL if the web server has authenticated no user */
	const char *remote_user;
	const char *auth_type;
	const char *accept;
	const char *accept_language; /* NULL if absent */
	const char *origin;          /* this header and the next four are NULL if absent */
	const char *referer;
	const char *fetch_site;
	const char *fetch_mode;
	const char *fetch_dest;
	bool prefetch;             /* true if Sec-Purpose or Purpose says that this is a prefetch */
	const char *cookie;        /* the header's text; NULL if absent */
	const char *authorization; /* the header's text; secret; NULL if absent */
	const char *api_key;       /* the Api-Key header; secret; NULL if absent */
	struct fields query;
	/* the fields of an application/x-www-form-urlencoded body, after request_body_read */
	struct fields form;
	struct strbuf body; /* secret */
};

/*
 * Reads everything except the body. *out can always be given to request_clear, and its id and nonce
 * are always set. Returns STATUS_BAD_REQUEST if the request is malformed or a parameter that must
 * be unique occurs twice. It can also return STATUS_URI_TOO_LONG and STATUS_HEADERS_TOO_LARGE.
 */
enum status request_read(const struct raw_request *raw, struct request *out, struct error *err);
void request_clear(struct request *req);

/*
 * Replaces remote_addr, https and host with the values that trusted proxies report
 * (web/forwarded.h). Without a trusted proxy nothing changes. Call it right after request_read.
 * Returns STATUS_BAD_REQUEST if the reported values are malformed or contradict each other.
 */
enum status request_believe_proxies(const struct raw_request *raw,
				    const struct forwarded_trust *trust, struct request *req,
				    struct error *err);

/*
 * Splits the path into the mount point and the path below it. If `set` is true, base_path is
 * configured: it is the mount point and is borrowed. Otherwise the mount point follows from
 * SCRIPT_NAME and PATH_INFO. The path always consists of SCRIPT_NAME and PATH_INFO, because the web
 * server's access rules apply to these two. REQUEST_URI only shows which mount point the browser
 * uses. Returns STATUS_BAD_REQUEST if the path is ambiguous, and STATUS_NOT_FOUND if it is not
 * below base_path. Returns STATUS_INTERNAL if the mount point is not known; the error says to set
 * base_path.
 */
enum status request_mount(struct request *req, const char *base_path, bool set, struct error *err);

/*
 * Reads the body, at most max bytes, and the fields of a form. Returns STATUS_BODY_TOO_LARGE if the
 * body is longer, and STATUS_UNSUPPORTED_MEDIA_TYPE if it is neither a form nor JSON. Returns
 * STATUS_BAD_REQUEST if the length is wrong, an escape is broken, or there are too many fields.
 */
enum status request_body_read(const struct raw_request *raw, size_t max, struct request *req,
			      struct error *err);

/* Like request_body_read, but it accepts a body of any type and reads no fields. */
enum status request_body_read_any(const struct raw_request *raw, size_t max, struct request *req,
				  struct error *err);

/*
 * The parameters that a route declares. request_params_check returns STATUS_BAD_REQUEST if a
 * parameter is repeated, is too long or, in a form, is not declared.
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

/* Returns the value of the field, borrowed, or NULL if there is no such field. */
const char *fields_get(const struct fields *fields, const char *name);

/*
 * Puts the value of the cookie of that name into *out, which the caller frees. Returns
 * STATUS_NOT_FOUND if there is none. Returns STATUS_BAD_REQUEST if several cookies of that name
 * have different values, or if the value has a character that a cookie cannot have. Only ';'
 * separates cookies, as in PHP and in the site itself. A comma, and what follows it, is part of the
 * value.
 */
enum status request_cookie(const struct request *req, const char *name, char **out,
			   struct error *err);

/*
 * Returns the path to which the browser goes after the login. This is `next` if `next` is a path of
 * ours, otherwise the mount point with '/'. A path of ours has one leading slash, no backslash and
 * no control character. It is below the mount point and has at most 512 bytes. Any other value
 * could send the user to a foreign site. The caller frees the result. Returns NULL if out of
 * memory.
 */
char *request_next(const struct request *req, const char *next);

/* Returns the method of that name. Any name except GET, HEAD and POST is HTTP_OTHER. */
enum http_method http_method_parse(const char *name);

#endif
