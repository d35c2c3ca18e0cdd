/*
 * What others chose before us: old digests and PBKDF2, for the password hashes that sites have, and
 * RSA and P-256 signatures, for their tokens. The only user of libcrypto; what is our own choice is
 * in secret.h.
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
 * A digest's machine, for one text after the other (password hashes make a hundred thousand); one
 * thread.
 */
struct digest;

/* STATUS_INTERNAL: libcrypto has not got it (MD5 where only FIPS is allowed), or memory is out. */
enum status digest_new(enum digest_kind kind, struct digest **out, struct error *err);
void digest_free(struct digest *digest); /* takes NULL */

/*
 * The digest of n parts, one behind the other, into digest_len bytes, which may be one of the
 * parts.
 */
bool digest_run(struct digest *digest, const struct secret_part *parts, size_t n,
		unsigned char *out);

/* HMAC (RFC 2104) into digest_len bytes. */
bool digest_hmac(enum digest_kind kind, const struct secret_part *key,
		 const struct secret_part *text, unsigned char *out);

/* PBKDF2 (RFC 8018 5.2) with HMAC. */
struct pbkdf2 {
	enum digest_kind kind;
	const char *password;
	struct secret_part salt;
	unsigned long rounds;
	size_t len; /* bytes to make */
};
bool digest_pbkdf2(const struct pbkdf2 *what, unsigned char *out);

/* ---- signatures ---- */

#define PUBLIC_KEY_RSA_BITS_MIN 2048 /* RFC 7518 3.3 */
#define PUBLIC_KEY_RSA_BITS_MAX 8192 /* a larger one takes long to use, and nobody has one */

enum public_key_kind {
	PUBLIC_KEY_RSA, /* verifies RS256 (RFC 7518 3.3) */
	PUBLIC_KEY_P256 /* verifies ES256 (RFC 7518 3.4) */
};
struct public_key; /* constant once read: threads may share it */

/*
 * From a PEM text, "-----BEGIN PUBLIC KEY-----" (RFC 7468 13). STATUS_BAD_REQUEST: something else,
 * a kind or a size that is not taken, or a private key beside it. The caller frees *out.
 */
enum status public_key_parse(const char *pem, size_t len, struct public_key **out,
			     struct error *err);
void public_key_free(struct public_key *key); /* takes NULL */
enum public_key_kind public_key_kind(const struct public_key *key);

/* Did the key's owner sign that text? */
bool public_key_verify(const struct public_key *key, const struct secret_part *text,
		       const struct secret_part *signature);

#endif
