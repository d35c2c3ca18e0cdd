/*
 * JSON Web Tokens (RFC 7519) signed with HS256 (RFC 7515; RFC 7518, 3.2). ejabberd's `auth_method:
 * [jwt]` accepts them as a password. This file only makes tokens; it reads none. Pure: the clock is
 * a parameter.
 */
#ifndef XMPP_JWT_H
#define XMPP_JWT_H

#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

struct jwt_claims {
	const char *jid; /* bare */
	int64_t issued;  /* both times in seconds since 1970-01-01 UTC */
	int64_t expires;
};

/*
 * Appends {"alg":"HS256","typ":"JWT"} . {"jid":…,"iat":…,"exp":…} . MAC to out. Returns
 * STATUS_INTERNAL if out of memory.
 */
enum status jwt_make(const struct secret_part *key, const struct jwt_claims *claims,
		     struct strbuf *out, struct error *err);

/*
 * Appends the header, the payload and their signature in the compact form (RFC 7515, 5.1 and 7.1).
 * For jwt_make. The caller checks strbuf_ok.
 */
void jwt_sign(const struct secret_part *key, const struct secret_part *header,
	      const struct secret_part *payload, struct strbuf *out);

#endif
