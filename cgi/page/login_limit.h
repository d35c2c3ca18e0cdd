/*
 * How often a login may be tried. Only for the files of page/.
 */
#ifndef PAGE_LOGIN_LIMIT_H
#define PAGE_LOGIN_LIMIT_H

#include "identity/login_session.h"
#include "page/app.h"

struct login_limit {
	char account[LOGIN_ACCOUNT_MAX + 1];
	char *device; /* the browser's cookie, if it has been in before; owned */
};

/*
 * Counts the try, before anybody looks at the password. STATUS_SLOW_DOWN, with ex->retry_after;
 * STATUS_UNAVAILABLE. After STATUS_OK the caller tells how it ended.
 */
enum status login_limit_begin(struct exchange *ex, const char *user, struct login_limit *out,
			      struct error *err);

/* STATUS_BAD_CREDENTIALS: it was a wrong one. STATUS_OK: the browser gets a device cookie, too. */
void login_limit_end(struct exchange *ex, struct login_limit *limit, enum status status);

#endif
