/*
 * Looks at a site as a browser does, through its web server. For prebindctl check --web.
 */
#ifndef CTL_WEB_H
#define CTL_WEB_H

#include "ctl/report.h"
#include "net/http_client.h"
#include "net/http_url.h"
#include "site/site.h"

#define WEB_HEADER_MAX     512 /* bytes of a header's value, with its NUL; longer ones are cut */
#define WEB_ERROR_NAME_MAX 40
#define WEB_CALL_S         10 /* for one ordinary request; prebind answers within 8 s */

struct web {
	struct report *report;
	struct site *site; /* borrowed, like report */
	bool guessed;      /* the address comes from `hosts`, not from the operator */
	char *url;         /* owned; the page's address, with a slash at its end */
	struct http_url at;
	struct http_client *client;
	struct http_connection *connection;
	struct http_answer answer;           /* the last answer */
	char error_name[WEB_ERROR_NAME_MAX]; /* from prebind.json if the page failed, else "" */
};

/* web_call.c: prepares calls to url. web then owns url, also after a failure. Call web_close. */
enum status web_open(struct web *web, char *url, struct error *err);
void web_close(struct web *web);

/* Gets url. header is one more header to send, or NULL. */
enum status web_get(struct web *web, const char *url, const char *header, struct error *err);

/* Gets the address to which reference leads from the page. */
enum status web_get_from_page(struct web *web, const char *reference, struct error *err);

/*
 * Copies the value of the answer's first header of that name to out, or "" if there is none.
 * Returns how many headers have this name. out can be NULL.
 */
int web_header(const struct http_answer *answer, const char *name, char out[WEB_HEADER_MAX]);

/* True if prebind itself wrote the answer, not the web server. */
bool web_is_ours(const struct web *web);

/*
 * check_web_address.c: checks the host's name, its addresses and connections to them; the
 * certificate; the clock. web_check_address returns false if no address can be reached.
 */
bool web_check_address(const struct web *web);
void web_check_certificate(const struct web *web);
void web_check_clock(const struct web *web);

/* check_web_fault.c: returns true if the page's answer is a failure, and sets said to the cause. */
bool web_page_fault(const struct web *web, struct error *said);

/*
 * check_web_page.c: checks the page, its headers, cookie and static files. Returns false if the
 * page failed.
 */
bool web_check_page(struct web *web);

/* check_web_bosh.c: checks the address at which the browser continues the session, and tries it. */
void web_check_bosh(struct web *web);

#endif
