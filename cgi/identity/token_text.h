/*
 * Tokens in which a site says who is logged in: our own format, and JSON Web Tokens. Pure: keys,
 * audience and clock are parameters; where a token comes from, and that one works only once, is
 * token.c's business.
 *
 *   "v1." KID "." PAYLOAD "." MAC
 *
 *   PAYLOAD  base64url of the JSON {"user","iat","exp","aud"}
 *   MAC      base64url of HMAC-SHA-256(key, "prebind-sso-v1" NUL KID PAYLOAD)
 *
 *   HEADER "." PAYLOAD "." SIGNATURE       (RFC 7515 7.1): HS256, RS256, ES256
 *
 * Base64url without padding, the canonical form alone: a token has one spelling.
 */
#ifndef IDENTITY_TOKEN_TEXT_H
#define IDENTITY_TOKEN_TEXT_H

#include <stdint.h>

#include "conf/conf.h"
#include "identity/token_keys.h"

#define TOKEN_HMAC_MAX   1024 /* bytes: a cookie among others in 8 KiB */
#define TOKEN_JWT_MAX    4096 /* an RSA signature alone takes up to 1366 */
#define TOKEN_USER_MAX   255
#define TOKEN_LIFE_MAX_S (12 * 3600) /* from iat to exp */
#define TOKEN_SKEW_S     300         /* the site's clock may be ahead so far */

struct token_rules {
	long format; /* enum conf_token_format */
	const struct token_keys *keys;
	const char *audience;
	const char *user_claim; /* "": user, in a JWT without it sub */
};

struct token {
	char *user;         /* owned, as the next four */
	char *display_name; /* claim "name"; "" for none */
	char *jid;          /* claim "jid"; "" for none */
	char *email;        /* claim "email"; "" for none */
	char *id;           /* claim "id"; "" for none */
	int64_t issued;     /* seconds, as the next */
	int64_t expires;
	unsigned char digest[SECRET_SHA256_LEN]; /* of what is signed: the token's own name */
};

/*
 * STATUS_OK; STATUS_NOT_FOUND: good, but over; STATUS_BAD_CREDENTIALS: not good, and the sentence
 * says how. Nothing is read out of a payload whose MAC or signature does not hold. The caller
 * clears *out.
 */
enum status token_check(const struct token_rules *rules, const char *text, int64_t now,
			struct token *out, struct error *err);
void token_clear(struct token *token);

/*
 * A token with the first key, put behind what out holds: what the site would send.
 * STATUS_BAD_REQUEST: that key is a public one.
 */
struct token_request {
	const char *user;
	int64_t now;
	int64_t life_s;
};
enum status token_make(const struct token_rules *rules, const struct token_request *what,
		       struct strbuf *out, struct error *err);

#endif
