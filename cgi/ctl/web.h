/*
 * Requests the pages of a site through its web server, as a browser does. prebindctl check --web
 * uses these functions.
 */
#ifndef CTL_WEB_H
#define CTL_WEB_H

#include "ctl/report.h"
#include "net/http_client.h"
#include "net/http_url.h"
#include "site/site.h"

#define WEB_HEADER_MAX     512 /* in bytes, with the NUL; a longer header value is cut */
#define WEB_ERROR_NAME_MAX 40
#define WEB_CALL_S         10 /* seconds for one ordinary request; prebind answers within 8 s */

struct web {
	struct report *report;
	struct site *site; /* borrowed, like report */
	bool guessed;      /* true if url comes from `hosts` and not from the operator */
	char *url;         /* owned; the page's address, with a slash at its end */
	struct http_url at;
	struct http_client *client;
	struct http_connection *connection;
	struct http_answer answer;           /* the last answer */
	char error_name[WEB_ERROR_NAME_MAX]; /* from prebind.json after an error, otherwise "" */
};

/*
 * web_call.c: prepares the requests. web owns url, even if this fails. Call web_close even if this
 * fails.
 */
enum status web_open(struct web *web, char *url, struct error *err);
void web_close(struct web *web);

/* Gets url. `header` is an additional header to send, or NULL. */
enum status web_get(struct web *web, const char *url, const char *header, struct error *err);

/* Gets the URL that results if reference is resolved against the page's URL. */
enum status web_get_from_page(struct web *web, const char *reference, struct error *err);

/*
 * Copies the value of the first header with this name to out, or "" if there is none. Returns the
 * number of headers with this name. `out` can be NULL.
 */
int web_header(const struct http_answer *answer, const char *name, char out[WEB_HEADER_MAX]);

/* True if the answer comes from prebind, and not from the web server itself. */
bool web_is_ours(const struct web *web);

/*
 * check_web_address.c: check the host's addresses, the certificate and the clock. web_check_address
 * returns false if no address accepts a connection.
 */
bool web_check_address(const struct web *web);
void web_check_certificate(const struct web *web);
void web_check_clock(const struct web *web);

/* check_web_fault.c: returns true if the page's answer is an error, and sets said to its cause. */
bool web_page_fault(const struct web *web, struct error *said);

/*
 * check_web_page.c: checks the page, its headers, its cookie and the static files. Returns false if
 * the page cannot be opened.
 */
bool web_check_page(struct web *web);

/* check_web_bosh.c: checks that a browser can continue the session at bosh_url. */
void web_check_bosh(struct web *web);

#endif
