/*
 * HTTP Basic credentials (RFC 7617) out of an Authorization header. Pure; whether they hold is
 * asked elsewhere.
 */
#ifndef WEB_BASIC_AUTH_H
#define WEB_BASIC_AUTH_H

#include "base/error.h"

struct basic_auth {
	char *name;     /* owned */
	char *password; /* owned; wiped */
};

/*
 * header: NULL where there is none. STATUS_LOGIN_REQUIRED: none, or another scheme.
 * STATUS_BAD_REQUEST: Basic, but not base64 of NAME:PASSWORD in UTF-8. The caller clears *out.
 */
enum status basic_auth_read(const char *header, struct basic_auth *out, struct error *err);
void basic_auth_clear(struct basic_auth *auth); /* takes a zeroed one */

#endif
