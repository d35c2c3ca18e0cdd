/*
 * The one-time token: a password that we make and the XMPP server checks, by a key that both have,
 * so that nobody's password is needed. prosody/mod_auth_prebind.lua and prebind-extauth accept it.
 * Pure: clock and nonce are parameters; that a token works only once is its checker's business.
 *
 *   EXPIRY ":" NONCE ":" MAC
 *
 *   EXPIRY  when it ends, in seconds since 1970-01-01 UTC: decimal, no sign, no leading zero
 *   NONCE   16 random bytes, base64url without padding: 22 characters
 *   MAC     HMAC-SHA-256(key, USER "|" HOST "|" EXPIRY "|" NONCE), likewise: 43 characters
 *
 * USER and HOST are the JID's localpart and domain, prepared (RFC 6122). A localpart may hold a
 * "|", what follows it here cannot: so read from its end the text under the MAC has one meaning
 * only. Base64url is the canonical form alone: a token has one spelling.
 */
#ifndef XMPP_LOGIN_TOKEN_H
#define XMPP_LOGIN_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

#define LOGIN_TOKEN_NONCE_BYTES 16
#define LOGIN_TOKEN_NONCE_LEN   22
#define LOGIN_TOKEN_EXPIRY_LEN  12 /* digits, at most: good for 30 000 years */
#define LOGIN_TOKEN_MAC_LEN     43
#define LOGIN_TOKEN_MAX                                                                            \
	(LOGIN_TOKEN_EXPIRY_LEN + 1 + LOGIN_TOKEN_NONCE_LEN + 1 + LOGIN_TOKEN_MAC_LEN)

/*
 * One that ends later is refused: whoever checks tokens must remember the used ones until their
 * end. It also bounds how far the two clocks may differ.
 */
#define LOGIN_TOKEN_LIFE_MAX_S 600

struct login_token {
	const char *user; /* localpart, prepared; borrowed */
	const char *host; /* domain, prepared; borrowed */
	int64_t expiry;
	char nonce[LOGIN_TOKEN_NONCE_LEN + 1]; /* as text */
};

/*
 * From user, host, expiry and the random bytes. STATUS_INTERNAL: an expiry or a host that cannot
 * be.
 */
enum status login_token_make(const struct secret_part *key, const struct login_token *token,
			     const unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES],
			     char out[LOGIN_TOKEN_MAX + 1], struct error *err);

/* Has the text a token's form? A password that has is never looked up as one. */
bool login_token_has_form(const char *text);

/*
 * Is it one for token->user at token->host, now? Fills in expiry and nonce. STATUS_BAD_CREDENTIALS;
 * the sentence tells a malformed one, an expired one, one from a clock ahead of ours, and one whose
 * MAC does not hold: for another user or host, or made with another key.
 */
enum status login_token_check(const struct secret_part *key, const char *text, int64_t now,
			      struct login_token *token, struct error *err);

#endif
