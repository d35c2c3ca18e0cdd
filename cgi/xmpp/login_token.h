/*
 * The one-time token: a password that prebind makes and the XMPP server checks with a shared key,
 * so no user's password is needed. prosody/mod_auth_prebind.lua and prebind-extauth accept it.
 * Pure: clock and nonce are parameters. The checker remembers used tokens.
 *
 *   EXPIRY ":" NONCE ":" MAC
 *
 *   EXPIRY  when the token expires, seconds since 1970-01-01 UTC: decimal, no sign, no leading zero
 *   NONCE   16 random bytes, base64url without padding: 22 characters
 *   MAC     HMAC-SHA-256(key, USER "|" HOST "|" EXPIRY "|" NONCE), base64url: 43 characters
 *
 * USER and HOST are the JID's localpart and domain, prepared (RFC 6122). Only USER can have a "|",
 * so the text that the MAC covers can be split in only one way, from its end. Only canonical
 * base64url is accepted, so a token has one spelling.
 */
#ifndef XMPP_LOGIN_TOKEN_H
#define XMPP_LOGIN_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/strbuf.h"

#define LOGIN_TOKEN_NONCE_BYTES 16
#define LOGIN_TOKEN_NONCE_LEN   22
#define LOGIN_TOKEN_EXPIRY_LEN  12 /* maximum number of digits; enough for 30 000 years */
#define LOGIN_TOKEN_MAC_LEN     43
#define LOGIN_TOKEN_MAX                                                                            \
	(LOGIN_TOKEN_EXPIRY_LEN + 1 + LOGIN_TOKEN_NONCE_LEN + 1 + LOGIN_TOKEN_MAC_LEN)

/*
 * The longest time, in seconds, from making a token until the token expires. The checker must
 * remember each used token until the token expires, so it refuses a token that expires more than
 * this time from now. The limit also bounds the difference between the two clocks.
 */
#define LOGIN_TOKEN_LIFE_MAX_S 600

struct login_token {
	const char *user; /* localpart, prepared; borrowed */
	const char *host; /* domain, prepared; borrowed */
	int64_t expiry;
	char nonce[LOGIN_TOKEN_NONCE_LEN + 1]; /* base64url */
};

/*
 * Makes a token from user, host, expiry and the random bytes. Returns STATUS_INTERNAL if the expiry
 * or the host is not valid, or if out of memory.
 */
enum status login_token_make(const struct secret_part *key, const struct login_token *token,
			     const unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES],
			     char out[LOGIN_TOKEN_MAX + 1], struct error *err);

/* True if text has the form of a token. Such a text is never checked as a password. */
bool login_token_has_form(const char *text);

/*
 * Checks a token for token->user at token->host, at the time now. If the token is valid, sets
 * token->expiry and token->nonce. If the status is STATUS_BAD_CREDENTIALS, err->text says what is
 * wrong. The token can be malformed, or have expired. It can expire too late, if the clock that
 * made it is ahead of ours. It can have a wrong MAC, because of another user, host or key.
 */
enum status login_token_check(const struct secret_part *key, const char *text, int64_t now,
			      struct login_token *token, struct error *err);

#define LOGIN_KEY_MIN 32 /* bytes; RFC 7518, 3.2 requires a key as long as the hash */
#define LOGIN_KEY_MAX 512

/*
 * Reads a key in base64url, or a JWK of kind "oct" in one line (RFC 7517; RFC 7518, 6.4), as
 * ejabberd does. Appends the key's bytes to out, which should be a secret buffer. Returns
 * STATUS_BAD_REQUEST if the text has neither form, or if the key has a wrong length. err->text does
 * not quote the text.
 */
enum status login_key_parse(const char *text, struct strbuf *out, struct error *err);

#endif
