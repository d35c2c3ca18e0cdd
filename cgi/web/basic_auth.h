/*
 * Reads HTTP Basic credentials (RFC 7617) from an Authorization header. Pure: another module checks
 * whether they are valid.
 */
#ifndef WEB_BASIC_AUTH_H
#define WEB_BASIC_AUTH_H

#include "base/error.h"

struct basic_auth {
	char *name;     /* owned */
	char *password; /* owned; wiped */
};

/*
 * header: NULL if the request has none. STATUS_LOGIN_REQUIRED: there is no header, or it has
 * another scheme. STATUS_BAD_REQUEST: the scheme is Basic, but the rest is not base64 of
 * NAME:PASSWORD in UTF-8. The caller clears *out.
 */
enum status basic_auth_read(const char *header, struct basic_auth *out, struct error *err);
void basic_auth_clear(struct basic_auth *auth); /* takes a zeroed one */

#endif
