/*
 * Reads and writes this program's own cookies; conf/cookie_name.h lists them. Only this module
 * writes the text of Set-Cookie.
 */
#ifndef PAGE_COOKIE_H
#define PAGE_COOKIE_H

#include "conf/cookie_name.h"
#include "web/request.h"
#include "web/response.h"

#define COOKIE_UNTIL_CLOSED (-1L) /* the browser forgets it when it is closed */

/*
 * Sets the cookie for the whole host, without access for scripts: Secure (not with allow_http),
 * HttpOnly, SameSite. life_s: seconds, or COOKIE_UNTIL_CLOSED. value must be made of characters
 * that a cookie may have. Out of memory: the response has failed.
 */
void cookie_set(struct response *res, const struct site_conf *conf, enum own_cookie cookie,
		const char *value, long life_s);

/* Tells the browser to delete the cookie. */
void cookie_expire(struct response *res, const struct site_conf *conf, enum own_cookie cookie);

/*
 * The cookie's value; the caller frees it with secret_free. *out is NULL: none, or a malformed one.
 * Fails only if memory is short.
 */
enum status own_cookie_find(const struct request *req, const struct site_conf *conf,
			    enum own_cookie cookie, char **out, struct error *err);
/* The same where a lack of memory may count as no cookie. */
char *cookie_get(const struct request *req, const struct site_conf *conf, enum own_cookie cookie);

#endif
