/*
 * Limits login attempts. Internal to page/.
 */
#ifndef PAGE_LOGIN_LIMIT_H
#define PAGE_LOGIN_LIMIT_H

#include "identity/login_count.h"
#include "identity/login_session.h"
#include "page/app.h"

struct login_limit {
	char account[LOGIN_ACCOUNT_MAX + 1];
	/*
	 * The value of the browser's device cookie, owned. NULL if the browser has not logged in
	 * before.
	 */
	char *device;
};

/*
 * Counts the attempt before the password is checked. After STATUS_OK, the caller must pass the
 * result of the check to login_limit_end. Returns STATUS_SLOW_DOWN, with err->retry_after, if there
 * were too many attempts. Returns STATUS_UNAVAILABLE if the limits cannot be read.
 */
enum status login_limit_begin(struct exchange *ex, const char *user, struct login_limit *out,
			      struct error *err);

/*
 * Ends the attempt and frees the members of *limit. `status` is the result of the password check.
 * After STATUS_BAD_CREDENTIALS the attempt remains counted. After STATUS_OK, a browser without a
 * device cookie gets one.
 */
void login_limit_end(struct exchange *ex, struct login_limit *limit, enum status status);

/*
 * If `failed` is true, counts a failure of the visitor's address. Otherwise only checks the count:
 * returns STATUS_SLOW_DOWN, with err->retry_after, if there were too many failures. Each scope has
 * a separate count.
 */
enum status login_limit_address(struct exchange *ex, const char *scope, bool failed,
				struct error *err);

#endif
