/*
 * Reads and writes this program's own cookies (conf/cookie_name.h lists them). No other module
 * writes a Set-Cookie header.
 */
#ifndef PAGE_COOKIE_H
#define PAGE_COOKIE_H

#include "conf/cookie_name.h"
#include "web/request.h"
#include "web/response.h"

#define COOKIE_UNTIL_CLOSED (-1L) /* delete the cookie when the browser is closed */

/*
 * Sets the cookie for all paths of the host, with HttpOnly, SameSite and, unless allow_http is set,
 * Secure. life_s is in seconds, or COOKIE_UNTIL_CLOSED. `value` can have only characters that are
 * allowed in a cookie. If out of memory, marks the response as failed.
 */
void cookie_set(struct response *res, const struct site_conf *conf, enum own_cookie cookie,
		const char *value, long life_s);

/* Tells the browser to delete the cookie. */
void cookie_expire(struct response *res, const struct site_conf *conf, enum own_cookie cookie);

/*
 * Sets *out to the cookie's value, or to NULL if there is no cookie or if it is malformed. The
 * caller frees *out with secret_free. Fails only if out of memory.
 */
enum status own_cookie_find(const struct request *req, const struct site_conf *conf,
			    enum own_cookie cookie, char **out, struct error *err);
/* Like own_cookie_find, but returns the value. Also returns NULL if out of memory. */
char *cookie_get(const struct request *req, const struct site_conf *conf, enum own_cookie cookie);

#endif
