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
#define TOKEN_JWT_MAX    4096 /* in bytes; an RSA signature alone takes up to 1366 */
#define TOKEN_USER_MAX   255
#define TOKEN_LIFE_MAX_S (12 * 3600) /* in seconds, from iat to exp */
#define TOKEN_SKEW_S     300         /* in seconds: how far the site's clock can be ahead */

struct token_rules {
	long format; /* enum conf_token_format */
	const struct token_keys *keys;
	const char *audience;
	const char *user_claim; /* "" means the claim user or, in a JWT without it, sub */
};

struct token {
	char *user;         /* owned, as are the next four */
	char *display_name; /* claim "name"; "" for none */
	char *jid;          /* claim "jid"; "" for none */
	char *email;        /* claim "email"; "" for none */
	char *id;           /* claim "id"; "" for none */
	int64_t issued;     /* in seconds, as is expires */
	int64_t expires;
	unsigned char digest[SECRET_SHA256_LEN]; /* of the signed text; it identifies the token */
};

/*
 * Checks a token. Returns STATUS_OK if the token is valid, and STATUS_NOT_FOUND if it is valid, but
 * expired. Returns STATUS_BAD_CREDENTIALS if it is invalid; err then says why. The payload is read
 * only after its MAC or signature was verified. The caller clears *out.
 */
enum status token_check(const struct token_rules *rules, const char *text, int64_t now,
			struct token *out, struct error *err);
void token_clear(struct token *token);

/*
 * Makes a token with the first key, as the site would send it, and appends it to out. Returns
 * STATUS_BAD_REQUEST if that key is a public key.
 */
struct token_request {
	const char *user;
	int64_t now;
	int64_t life_s;
};
enum status token_make(const struct token_rules *rules, const struct token_request *what,
		       struct strbuf *out, struct error *err);

#endif
