/*
 * Reads HTTP Basic credentials (RFC 7617) from an Authorization header. Another module checks
 * whether the password is right.
 */
#ifndef WEB_BASIC_AUTH_H
#define WEB_BASIC_AUTH_H

#include "base/error.h"

struct basic_auth {
	char *name;     /* owned */
	char *password; /* owned; wiped before it is freed */
};

/*
 * If the request has no Authorization header, pass NULL as header. Returns STATUS_LOGIN_REQUIRED if
 * there is no header or it has another scheme. Returns STATUS_BAD_REQUEST if the scheme is Basic,
 * but the rest is not base64 of NAME:PASSWORD in UTF-8. The caller clears *out.
 */
enum status basic_auth_read(const char *header, struct basic_auth *out, struct error *err);
void basic_auth_clear(struct basic_auth *auth); /* accepts a zeroed struct */

#endif
