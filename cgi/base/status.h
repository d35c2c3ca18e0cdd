/*
 * The one status enum. Every function that can fail returns it; status.c maps it, once, to an HTTP
 * status, to the short name that JSON answers and the log use, and to words for a visitor.
 * It is not a list of causes: the cause stands in struct error, for the operator.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>

enum status {
	STATUS_OK = 0,
	STATUS_NOT_FOUND,       /* looked, and it is not there */
	STATUS_BAD_REQUEST,     /* what the caller sent is malformed */
	STATUS_LOGIN_REQUIRED,  /* nobody is logged in */
	STATUS_BAD_CREDENTIALS, /* a login that does not hold, whatever the reason */
	STATUS_FORBIDDEN,       /* cross-site, or a form token that does not hold */
	STATUS_HTTPS_REQUIRED,  /* plain http on a site without allow_http */
	STATUS_NO_CHAT_ACCOUNT, /* a site user whom no JID belongs to */
	STATUS_METHOD_NOT_ALLOWED,
	STATUS_CONFLICT, /* the name, or the JID, is taken */
	STATUS_BODY_TOO_LARGE,
	STATUS_URI_TOO_LONG,
	STATUS_UNSUPPORTED_MEDIA_TYPE,
	STATUS_HEADERS_TOO_LARGE,
	STATUS_SLOW_DOWN,    /* a rate limit */
	STATUS_INTERNAL,     /* our bug, or memory is exhausted */
	STATUS_CHAT_SERVER,  /* the XMPP server refused, is down, or makes no sense */
	STATUS_BUSY,         /* we are overloaded, or stopping */
	STATUS_UNAVAILABLE,  /* our database, or the breaker */
	STATUS_CHAT_TIMEOUT, /* the XMPP server did not answer in time */
	STATUS_COUNT
};

/* The HTTP status code: 200 for STATUS_OK, 401 for STATUS_LOGIN_REQUIRED … */
int status_http(enum status status);

/* The short name: "ok", "login_required", "chat_server" … Static; never NULL. */
const char *status_name(enum status status);

/* A heading and one sentence for a visitor; no cause, no secret. Static; never NULL. */
const char *status_title(enum status status);
const char *status_sentence(enum status status);

#endif
