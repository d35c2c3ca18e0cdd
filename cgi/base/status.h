/*
 * The only status enum. Every function that can fail returns it. status.c maps it to an HTTP
 * status, to the short name in JSON answers and the log, and to texts for a visitor. A status does
 * not tell the cause of an error. The cause is in struct error, for the operator.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>

enum status {
	STATUS_OK = 0,
	STATUS_NOT_FOUND,       /* looked up, but does not exist */
	STATUS_BAD_REQUEST,     /* the input is malformed */
	STATUS_LOGIN_REQUIRED,  /* nobody is logged in */
	STATUS_BAD_CREDENTIALS, /* a failed login, whatever the reason */
	STATUS_FORBIDDEN,       /* a cross-site request, or an invalid form token */
	STATUS_HTTPS_REQUIRED,  /* plain http on a site without allow_http */
	STATUS_NO_CHAT_ACCOUNT, /* a site user without a JID */
	STATUS_METHOD_NOT_ALLOWED,
	STATUS_CONFLICT, /* the name or the JID is taken */
	STATUS_BODY_TOO_LARGE,
	STATUS_URI_TOO_LONG,
	STATUS_UNSUPPORTED_MEDIA_TYPE,
	STATUS_HEADERS_TOO_LARGE,
	STATUS_SLOW_DOWN,    /* a rate limit was reached */
	STATUS_VISITOR_LEFT, /* nobody waits for the answer any more */
	STATUS_INTERNAL,     /* a bug of ours, or out of memory */
	STATUS_CHAT_SERVER,  /* the XMPP server is down, refused, or sent a wrong answer */
	STATUS_BUSY,         /* we are overloaded or stopping */
	STATUS_UNAVAILABLE,  /* our database failed, or the breaker is open */
	STATUS_CHAT_TIMEOUT, /* the XMPP server did not answer in time */
	STATUS_COUNT
};

/* Returns the HTTP status code: 200 for STATUS_OK, 401 for STATUS_LOGIN_REQUIRED … */
int status_http(enum status status);

/* Returns the short name: "ok", "login_required", "chat_server" … Static; never NULL. */
const char *status_name(enum status status);

/*
 * For a visitor: status_title returns a heading, and status_sentence one sentence, in English,
 * without causes or secrets. A status that no visitor sees has the texts of STATUS_INTERNAL.
 * Static; never NULL.
 */
const char *status_title(enum status status);
const char *status_sentence(enum status status);

#endif
