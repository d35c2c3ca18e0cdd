/*
 * Secrets: randomness, digests, MACs, argon2id, constant-time comparison, wiping and secret files.
 * The only user of libsodium. Call secret_start() once before anything else here.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define SECRET_SHA256_LEN 32
#define SECRET_KEY_LEN    32
#define SECRET_HASH_MAX   128 /* an argon2id string with its NUL */

enum status secret_start(struct error *err);

/* len random bytes from the kernel. Never fails: libsodium aborts when the kernel has none. */
void secret_random(void *out, size_t len);

/* n random bytes as lower-case hex into out[2 * n + 1]. */
void secret_random_hex(char *out, size_t n);

void secret_sha256(unsigned char out[SECRET_SHA256_LEN], const void *data, size_t len);

/* HMAC-SHA-256 (RFC 2104) over the concatenation of n parts. */
struct secret_part {
	const void *data;
	size_t len;
};
void secret_hmac(unsigned char out[SECRET_SHA256_LEN], const unsigned char key[SECRET_KEY_LEN],
		 const struct secret_part *parts, size_t n);

/*
 * A key that signs many texts, prepared once: the MAC of a short text then takes half the time. As
 * secret as the key: its owner wipes it.
 */
#define SECRET_HMAC_STATE_LEN 208
struct secret_hmac_key {
	uint64_t state[SECRET_HMAC_STATE_LEN / sizeof(uint64_t)];
};
void secret_hmac_prepare(struct secret_hmac_key *out, const unsigned char key[SECRET_KEY_LEN]);
void secret_hmac_prepared(unsigned char out[SECRET_SHA256_LEN], const struct secret_hmac_key *key,
			  const struct secret_part *parts, size_t n);

/*
 * The same by BLAKE2b with a key (RFC 7693), in a quarter of HMAC's time: for what this program
 * alone makes and reads again.
 */
#define SECRET_MAC_LEN 32
void secret_mac(unsigned char out[SECRET_MAC_LEN], const unsigned char key[SECRET_KEY_LEN],
		const struct secret_part *parts, size_t n);

/* As secret_hmac with a key of any length: other programs choose theirs. */
void secret_hmac_keyed(unsigned char out[SECRET_SHA256_LEN], const struct secret_part *key,
		       const struct secret_part *parts, size_t n);

bool secret_equal(const void *a, const void *b, size_t len); /* constant time */
void secret_wipe(void *data, size_t len);

/* Wipes and frees a string; takes NULL. */
void secret_free(char *text);

/* argon2id with m = 19456 KiB, t = 2, p = 1 (OWASP); out is a "$argon2id$…" string. */
enum status secret_password_hash(const char *password, char out[SECRET_HASH_MAX],
				 struct error *err);

/*
 * STATUS_OK, or STATUS_BAD_CREDENTIALS (also for a hash that is neither argon2id nor argon2i, or
 * would take more than 128 MiB, 10 passes or 8 lanes); STATUS_INTERNAL: out of memory.
 */
enum status secret_password_verify(const char *hash, const char *password);

/* May it be verified: of that form, and within those bounds? Computes nothing. */
bool secret_password_hash_check(const char *hash);

/* Is it another one than secret_password_hash makes today, or takes less memory or fewer passes? */
bool secret_password_hash_is_weaker(const char *hash);

/*
 * Reads a secret's file (at most 4 KiB, one line; a newline at its end is taken off) into out.
 * Refused with STATUS_BAD_REQUEST: a link, not a regular file, an owner other than us or root,
 * any group or other bit in its mode, a folder above it that belongs to another account or that
 * others may write to (unless sticky), an empty file, a NUL, a second line. The sentence says
 * which, and the command that mends it.
 * STATUS_NOT_FOUND: there is none; STATUS_UNAVAILABLE: it could not be read.
 */
enum status secret_file_read(const char *path, struct strbuf *out, struct error *err);

/* As that, of any number of lines, which stay as they are. */
enum status secret_lines_read(const char *path, struct strbuf *out, struct error *err);

/*
 * As that, for what others may read but must not be able to change: a public key. Up to
 * SECRET_PUBLIC_MAX bytes.
 */
#define SECRET_PUBLIC_MAX 4096
enum status secret_public_read(const char *path, struct strbuf *out, struct error *err);

#endif
