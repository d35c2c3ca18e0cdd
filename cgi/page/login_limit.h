/*
 * Limits how often a login may be tried. Internal to page/.
 */
#ifndef PAGE_LOGIN_LIMIT_H
#define PAGE_LOGIN_LIMIT_H

#include "identity/login_count.h"
#include "identity/login_session.h"
#include "page/app.h"

struct login_limit {
	char account[LOGIN_ACCOUNT_MAX + 1];
	/* Owned; the device cookie of a browser that was logged in before; NULL: none. */
	char *device;
};

/*
 * Counts the attempt before the password is checked. The caller passes the outcome to
 * login_limit_end after STATUS_OK. STATUS_SLOW_DOWN: err->retry_after is set. STATUS_UNAVAILABLE:
 * the limits cannot be read.
 */
enum status login_limit_begin(struct exchange *ex, const char *user, struct login_limit *out,
			      struct error *err);

/*
 * Ends the attempt and frees what limit owns. STATUS_BAD_CREDENTIALS: the attempt stays counted.
 * STATUS_OK: the browser also gets a device cookie.
 */
void login_limit_end(struct exchange *ex, struct login_limit *limit, enum status status);

/*
 * Checks the count of failures of the visitor's address, or counts one more (failed). Each scope
 * has its own count. STATUS_SLOW_DOWN: err->retry_after is set.
 */
enum status login_limit_address(struct exchange *ex, const char *scope, bool failed,
				struct error *err);

#endif
