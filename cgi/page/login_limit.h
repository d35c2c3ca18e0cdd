/*
 * Limits how often a login can be tried. Internal to page/.
 */
#ifndef PAGE_LOGIN_LIMIT_H
#define PAGE_LOGIN_LIMIT_H

#include "identity/login_count.h"
#include "identity/login_session.h"
#include "page/app.h"

struct login_limit {
	char account[LOGIN_ACCOUNT_MAX + 1];
	/* Owned. The device cookie of a browser that was logged in before, or NULL. */
	char *device;
};

/*
 * Counts the attempt before the password is checked. After STATUS_OK, the caller must pass the
 * outcome of the check to login_limit_end. Returns STATUS_SLOW_DOWN, with err->retry_after, if
 * there were too many attempts, and STATUS_UNAVAILABLE if the limits cannot be read.
 */
enum status login_limit_begin(struct exchange *ex, const char *user, struct login_limit *out,
			      struct error *err);

/*
 * Ends the attempt and frees what limit owns. status is the outcome of the password check. After
 * STATUS_BAD_CREDENTIALS the attempt stays counted. After STATUS_OK a browser without a device
 * cookie gets one.
 */
void login_limit_end(struct exchange *ex, struct login_limit *limit, enum status status);

/*
 * If failed is true, counts one more failure of the visitor's address. Otherwise checks whether
 * there were too many. Each scope has its own count. Returns STATUS_SLOW_DOWN, with
 * err->retry_after, if there were too many failures.
 */
enum status login_limit_address(struct exchange *ex, const char *scope, bool failed,
				struct error *err);

#endif
