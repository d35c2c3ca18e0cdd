/*
 * Secrets: randomness, digests, MACs, argon2id, constant-time comparison, wiping and secret files.
 * The only user of libsodium. Call secret_start() once before any other function here.
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
#define SECRET_HASH_MAX   128 /* bytes of an argon2id string with its NUL */

enum status secret_start(struct error *err);

/* Writes len random bytes. Never fails: without randomness from the kernel libsodium aborts. */
void secret_random(void *out, size_t len);

/* Writes n random bytes as lower-case hex into out[2 * n + 1]. */
void secret_random_hex(char *out, size_t n);

void secret_sha256(unsigned char out[SECRET_SHA256_LEN], const void *data, size_t len);

/* HMAC-SHA-256 (RFC 2104) of n parts in sequence. */
struct secret_part {
	const void *data;
	size_t len;
};
void secret_hmac(unsigned char out[SECRET_SHA256_LEN], const unsigned char key[SECRET_KEY_LEN],
		 const struct secret_part *parts, size_t n);

/*
 * A key prepared once for many texts, which halves the time for short ones. It is as secret as the
 * key; its owner wipes it.
 */
#define SECRET_HMAC_STATE_LEN 208
struct secret_hmac_key {
	uint64_t state[SECRET_HMAC_STATE_LEN / sizeof(uint64_t)];
};
void secret_hmac_prepare(struct secret_hmac_key *out, const unsigned char key[SECRET_KEY_LEN]);
void secret_hmac_prepared(unsigned char out[SECRET_SHA256_LEN], const struct secret_hmac_key *key,
			  const struct secret_part *parts, size_t n);

/*
 * A MAC by keyed BLAKE2b (RFC 7693), in a quarter of HMAC's time. For data that only this program
 * makes and reads.
 */
#define SECRET_MAC_LEN 32
void secret_mac(unsigned char out[SECRET_MAC_LEN], const unsigned char key[SECRET_KEY_LEN],
		const struct secret_part *parts, size_t n);

/* secret_hmac with a key of any length, because other programs choose theirs. */
void secret_hmac_keyed(unsigned char out[SECRET_SHA256_LEN], const struct secret_part *key,
		       const struct secret_part *parts, size_t n);

bool secret_equal(const void *a, const void *b, size_t len); /* constant time */
void secret_wipe(void *data, size_t len);

/* Wipes and frees a string. NULL is allowed. */
void secret_free(char *text);

/*
 * Hashes with argon2id, m = 19456 KiB, t = 2, p = 1 (OWASP). out is a "$argon2id$…" string.
 * STATUS_INTERNAL: out of memory.
 */
enum status secret_password_hash(const char *password, char out[SECRET_HASH_MAX],
				 struct error *err);

/*
 * STATUS_OK: the password is right. STATUS_BAD_CREDENTIALS: it is wrong, or the hash is neither
 * argon2id nor argon2i, or it needs more than 128 MiB, 10 passes or 8 lanes. STATUS_INTERNAL: out
 * of memory.
 */
enum status secret_password_verify(const char *hash, const char *password);

/* True if secret_password_verify accepts a hash of this form and cost. Computes nothing. */
bool secret_password_hash_check(const char *hash);

/*
 * True if the hash is of another kind than secret_password_hash makes, or uses less memory or fewer
 * passes.
 */
bool secret_password_hash_is_weaker(const char *hash);

/*
 * Appends the content of a secret file to out: at most 4 KiB, one line, without the newline at its
 * end. STATUS_BAD_REQUEST: a symbolic link, not a regular file, an owner other than us or root, any
 * group or other bit in its mode, a folder above it that belongs to another account or is writable
 * for others (unless sticky), an empty file, a NUL, a second line. The sentence names the cause and
 * a command that corrects it. STATUS_NOT_FOUND: there is no such file; STATUS_UNAVAILABLE: it
 * cannot be read.
 */
enum status secret_file_read(const char *path, struct strbuf *out, struct error *err);

/* The same for a file of any number of lines, which are left unchanged. */
enum status secret_lines_read(const char *path, struct strbuf *out, struct error *err);

/*
 * The same for a file that others may read but not change, such as a public key. Up to
 * SECRET_PUBLIC_MAX bytes.
 */
#define SECRET_PUBLIC_MAX 4096
enum status secret_public_read(const char *path, struct strbuf *out, struct error *err);

#endif
