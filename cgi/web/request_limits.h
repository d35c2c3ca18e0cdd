/*
 * The maximum size of a request. A larger request is refused before a handler sees it. Sizes are in
 * bytes. The limits of single parameters are in the table of routes (page/routes.c).
 */
#ifndef WEB_REQUEST_LIMITS_H
#define WEB_REQUEST_LIMITS_H

/* ---- the head ---- */

#define REQUEST_PARAMS_MAX       200 /* CGI parameters; one for each header field, and a few more */
#define REQUEST_PARAMS_BYTES_MAX 65536 /* all CGI parameters together */
#define REQUEST_URI_MAX          4096
#define REQUEST_QUERY_MAX        2048
#define REQUEST_COOKIE_MAX       8192 /* the whole Cookie header */
#define REQUEST_COOKIES_MAX      64
#define REQUEST_FIELDS_MAX       16 /* fields of a query or a form */

/* ---- the body, by route ---- */

#define BODY_LOGIN_MAX  8192 /* name, password, next and token, each percent-encoded */
#define BODY_BIND_MAX   1024 /* bind=no and the name of a guest, or nothing */
#define BODY_LOGOUT_MAX 1024
#define BODY_ADHOC_MAX  65536 /* a usual call is much smaller */

#endif
