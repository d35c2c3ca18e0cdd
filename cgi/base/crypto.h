/*
 * Algorithms that other programs chose: old digests and PBKDF2 for the password hashes of sites,
 * RSA and P-256 signatures for the tokens of sites. The algorithms that we chose are in secret.h.
 * No other file uses libcrypto.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"

/* ---- digests ---- */

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

#define DIGEST_LEN_MAX 64

size_t digest_len(enum digest_kind kind);

/*
 * An object that computes digests of many inputs, one after another, because a password hash needs
 * a hundred thousand digests. Threads must not share the object.
 */
struct digest;

/*
 * Returns STATUS_INTERNAL if libcrypto does not have this digest (MD5 in FIPS mode), or if out of
 * memory.
 */
enum status digest_new(enum digest_kind kind, struct digest **out, struct error *err);
void digest_free(struct digest *digest); /* NULL is allowed */

/*
 * Writes the digest of n parts in sequence to out, which has room for digest_len(kind) bytes. `out`
 * can be one of the parts. Returns false if libcrypto failed.
 */
bool digest_run(struct digest *digest, const struct secret_part *parts, size_t n,
		unsigned char *out);

/* Writes an HMAC (RFC 2104) of digest_len(kind) bytes to out. Returns false if libcrypto failed. */
bool digest_hmac(enum digest_kind kind, const struct secret_part *key,
		 const struct secret_part *text, unsigned char *out);

/* PBKDF2 (RFC 8018, 5.2) with HMAC. Returns false if libcrypto failed. */
struct pbkdf2 {
	enum digest_kind kind;
	const char *password;
	struct secret_part salt;
	unsigned long rounds;
	size_t len; /* bytes of output */
};
bool digest_pbkdf2(const struct pbkdf2 *what, unsigned char *out);

/* ---- signatures ---- */

#define PUBLIC_KEY_RSA_BITS_MIN 2048 /* RFC 7518, 3.3 */
#define PUBLIC_KEY_RSA_BITS_MAX 8192 /* larger keys are slow, and nobody uses them */

enum public_key_kind {
	PUBLIC_KEY_RSA, /* verifies RS256 (RFC 7518, 3.3) */
	PUBLIC_KEY_P256 /* verifies ES256 (RFC 7518, 3.4) */
};
struct public_key; /* constant after parsing, so threads can share it */

/*
 * Reads a key from PEM text, "-----BEGIN PUBLIC KEY-----" (RFC 7468, 13). The caller frees *out.
 * Returns STATUS_BAD_REQUEST if the text has another form or also has a private key, or if the kind
 * or size of the key is not supported.
 */
enum status public_key_parse(const char *pem, size_t len, struct public_key **out,
			     struct error *err);
void public_key_free(struct public_key *key); /* NULL is allowed */
enum public_key_kind public_key_kind(const struct public_key *key);

/* True if signature is a valid signature of text by this key. */
bool public_key_verify(const struct public_key *key, const struct secret_part *text,
		       const struct secret_part *signature);

#endif
