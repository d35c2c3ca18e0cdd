/*
 * The keys that a site signs its tokens with. Each line of the file is one key:
 *
 *   KID ":" KEY         a shared key in base64url, at least 32 bytes: HMAC, HS256
 *   KID ":" /PATH.pem   a public key, RSA or P-256: RS256, ES256
 *
 * Empty lines and lines that begin with # are ignored. The site signs with one of the keys; prebind
 * accepts tokens of every key. To replace a key, add the new key to the file, then use it at the
 * site, then remove the old key.
 */
#ifndef IDENTITY_TOKEN_KEYS_H
#define IDENTITY_TOKEN_KEYS_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/error.h"
#include "base/secret.h"

#define TOKEN_KEYS_MAX    4
#define TOKEN_KID_MAX     32 /* bytes; allowed are letters, digits, - and _ */
#define TOKEN_KEY_LEN_MIN 32 /* bytes; as long as the MAC (RFC 7518 3.2) */
#define TOKEN_KEY_LEN_MAX 128

struct token_key {
	char kid[TOKEN_KID_MAX + 1];
	unsigned char secret[TOKEN_KEY_LEN_MAX];
	size_t secret_len;      /* 0 for a public key */
	struct public_key *pem; /* owned; NULL for a shared key */
};

struct token_keys {
	struct token_key items[TOKEN_KEYS_MAX];
	size_t count; /* at least 1 */
};

/*
 * Reads the keys from the file. Reads public keys only if public_too is true. An error begins with
 * FILE:LINE. The caller clears *out.
 */
enum status token_keys_read(const char *file, bool public_too, struct token_keys *out,
			    struct error *err);
void token_keys_clear(struct token_keys *keys); /* also wipes the keys */

/*
 * Returns the key with this kid, or NULL if there is none. `kid` has kid_len bytes and need not end
 * with a NUL.
 */
const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid, size_t len);

#endif
