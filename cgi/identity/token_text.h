/*
 * Tokens in which a site names the logged-in user: our own format, and JSON Web Tokens. Pure: keys,
 * audience and clock are parameters. token.c finds the token in a request, and accepts each posted
 * token only once.
 *
 * * "v1." KID "." PAYLOAD "." MAC
 *
 *   PAYLOAD  base64url of the JSON {"user","iat","exp","aud"}
 *   MAC      base64url of HMAC-SHA-256(key, "prebind-sso-v1" NUL KID PAYLOAD)
 *
 * * HEADER "." PAYLOAD "." SIGNATURE (RFC 7515 7.1): HS256, RS256, ES256
 *
 * In both formats, the base64url must have no padding and be in canonical form, so that a token can
 * be written in only one way.
 */
#ifndef IDENTITY_TOKEN_TEXT_H
#define IDENTITY_TOKEN_TEXT_H

#include <stdint.h>

#include "conf/conf.h"
#include "identity/token_keys.h"

#define TOKEN_HMAC_MAX   1024 /* bytes; the token is a cookie, and all cookies share 8 KiB */
#define TOKEN_JWT_MAX    4096 /* in bytes; the signature of an RSA key alone can take 1366 */
#define TOKEN_USER_MAX   255
#define TOKEN_LIFE_MAX_S (12 * 3600) /* in seconds, from the claim iat to exp */
/* in seconds; how far the site's clock is allowed to be ahead of ours */
#define TOKEN_SKEW_S 300

struct token_rules {
	long format; /* enum conf_token_format */
	const struct token_keys *keys;
	const char *audience;
	const char *user_claim; /* "" for the claim "user" or, in a JWT without "user", "sub" */
};

struct token {
	char *user;         /* owned, as are the next four */
	char *display_name; /* claim "name"; "" if there is none */
	char *jid;          /* claim "jid"; "" if there is none */
	char *email;        /* claim "email"; "" if there is none */
	char *id;           /* claim "id"; "" if there is none */
	int64_t issued;     /* in seconds since 1970, like expires */
	int64_t expires;
	/* digest of the signed text; it identifies the token */
	unsigned char digest[SECRET_SHA256_LEN];
};

/*
 * Checks a token. Returns STATUS_OK if the token is valid. Returns STATUS_NOT_FOUND if it was valid
 * but has expired. Returns STATUS_BAD_CREDENTIALS if it is invalid; err then says why. Decodes the
 * payload only after its MAC or signature is verified. The caller clears *out.
 */
enum status token_check(const struct token_rules *rules, const char *text, int64_t now,
			struct token *out, struct error *err);
void token_clear(struct token *token);

/*
 * Creates a token as the site would, with the first key of the file, and appends the token to out.
 * Returns STATUS_BAD_REQUEST if the first key is a public key.
 */
struct token_request {
	const char *user;
	int64_t now;
	int64_t life_s;
};
enum status token_make(const struct token_rules *rules, const struct token_request *what,
		       struct strbuf *out, struct error *err);

#endif
