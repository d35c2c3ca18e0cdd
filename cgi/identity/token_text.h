/*
 * Tokens in which a site names the logged-in user: our own format, and JSON Web Tokens. Pure: keys,
 * audience and clock are parameters. token.c finds the token in a request, and makes sure that a
 * posted one is used only once.
 *
 *   "v1." KID "." PAYLOAD "." MAC
 *
 *   PAYLOAD  base64url of the JSON {"user","iat","exp","aud"}
 *   MAC      base64url of HMAC-SHA-256(key, "prebind-sso-v1" NUL KID PAYLOAD)
 *
 *   HEADER "." PAYLOAD "." SIGNATURE       (RFC 7515 7.1): HS256, RS256, ES256
 *
 * Base64url has no padding and only the canonical form is accepted, so a token has one spelling.
 */
#ifndef IDENTITY_TOKEN_TEXT_H
#define IDENTITY_TOKEN_TEXT_H

#include <stdint.h>

#include "conf/conf.h"
#include "identity/token_keys.h"

#define TOKEN_HMAC_MAX   1024 /* bytes: the cookie shares 8 KiB with others */
#define TOKEN_JWT_MAX    4096 /* an RSA signature alone takes up to 1366 */
#define TOKEN_USER_MAX   255
#define TOKEN_LIFE_MAX_S (12 * 3600) /* from iat to exp */
#define TOKEN_SKEW_S     300         /* how far the site's clock may be ahead */

struct token_rules {
	long format; /* enum conf_token_format */
	const struct token_keys *keys;
	const char *audience;
	const char *user_claim; /* "": the claim user; in a JWT without it, sub */
};

struct token {
	char *user;         /* owned, as the next four */
	char *display_name; /* claim "name"; "" for none */
	char *jid;          /* claim "jid"; "" for none */
	char *email;        /* claim "email"; "" for none */
	char *id;           /* claim "id"; "" for none */
	int64_t issued;     /* seconds, as the next */
	int64_t expires;
	unsigned char digest[SECRET_SHA256_LEN]; /* of the signed text: it identifies the token */
};

/*
 * STATUS_OK: the token is valid. STATUS_NOT_FOUND: it is valid, but expired.
 * STATUS_BAD_CREDENTIALS: it is invalid; err says how. The payload is read only after its MAC or
 * signature was found right. The caller clears *out.
 */
enum status token_check(const struct token_rules *rules, const char *text, int64_t now,
			struct token *out, struct error *err);
void token_clear(struct token *token);

/*
 * Makes a token with the first key, as the site would send it, and appends it to out.
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
