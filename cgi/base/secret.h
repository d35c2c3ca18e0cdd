/*
 * Secrets: randomness, digests, MACs, argon2id, constant-time comparison, wiping and secret files.
 * Only secret.c and codec_base64.c use libsodium. Call secret_start() once before any other
 * function here.
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

/*
 * Writes len random bytes. Never fails, because libsodium aborts the process if the kernel provides
 * no random bytes.
 */
void secret_random(void *out, size_t len);

/* Writes n random bytes as lower-case hex into out[2 * n + 1]. */
void secret_random_hex(char *out, size_t n);

void secret_sha256(unsigned char out[SECRET_SHA256_LEN], const void *data, size_t len);

/* Part of an input. secret_hmac computes the HMAC-SHA-256 (RFC 2104) of n parts in sequence. */
struct secret_part {
	const void *data;
	size_t len;
};
void secret_hmac(unsigned char out[SECRET_SHA256_LEN], const unsigned char key[SECRET_KEY_LEN],
		 const struct secret_part *parts, size_t n);

/*
 * An HMAC key that is prepared once for many MACs, which halves the time for short texts. The owner
 * must wipe the prepared key, which is as secret as the key itself.
 */
#define SECRET_HMAC_STATE_LEN 208
struct secret_hmac_key {
	uint64_t state[SECRET_HMAC_STATE_LEN / sizeof(uint64_t)];
};
void secret_hmac_prepare(struct secret_hmac_key *out, const unsigned char key[SECRET_KEY_LEN]);
void secret_hmac_prepared(unsigned char out[SECRET_SHA256_LEN], const struct secret_hmac_key *key,
			  const struct secret_part *parts, size_t n);

/*
 * A MAC with keyed BLAKE2b (RFC 7693), which takes a quarter of HMAC's time. Use it only for data
 * that this program itself makes and reads.
 */
#define SECRET_MAC_LEN 32
void secret_mac(unsigned char out[SECRET_MAC_LEN], const unsigned char key[SECRET_KEY_LEN],
		const struct secret_part *parts, size_t n);

/* Like secret_hmac, but takes a key of any length, for keys that other programs chose. */
void secret_hmac_keyed(unsigned char out[SECRET_SHA256_LEN], const struct secret_part *key,
		       const struct secret_part *parts, size_t n);

bool secret_equal(const void *a, const void *b, size_t len); /* in constant time */
void secret_wipe(void *data, size_t len);

/* Wipes and frees a string. NULL is allowed. */
void secret_free(char *text);

/*
 * Hashes with argon2id, m = 19456 KiB, t = 2, p = 1 (OWASP). Writes a "$argon2id$…" string to out.
 * Returns STATUS_INTERNAL if out of memory.
 */
enum status secret_password_hash(const char *password, char out[SECRET_HASH_MAX],
				 struct error *err);

/*
 * Returns STATUS_OK if the password is right, and STATUS_INTERNAL if out of memory. Returns
 * STATUS_BAD_CREDENTIALS if the password is wrong, or if secret_password_hash_check is false. The
 * hash must be argon2id or argon2i, with at most 128 MiB, 10 passes and 8 lanes, and at most 512
 * MiB for memory times passes.
 */
enum status secret_password_verify(const char *hash, const char *password);

/* True if secret_password_verify accepts a hash of this form and cost. Computes no hash. */
bool secret_password_hash_check(const char *hash);

/*
 * True if the hash is not argon2id, or uses less memory or fewer passes than the hashes of
 * secret_password_hash.
 */
bool secret_password_hash_is_weaker(const char *hash);

/*
 * Appends the content of a secret file to out: at most 4 KiB, one line, without the newline at its
 * end. Returns STATUS_BAD_REQUEST in these cases:
 *   - The file is a symbolic link, or is not a regular file.
 *   - Its owner is neither this process's user nor root, or its mode has any group or other bit.
 *   - A folder in its path belongs to another account, or is writable by others and not sticky.
 *   - It is empty, or has a NUL, a second line or more than 4 KiB.
 * err->text names the cause and, for a wrong owner or mode, a command that corrects it. Returns
 * STATUS_NOT_FOUND if there is no such file, and STATUS_UNAVAILABLE if it cannot be read.
 */
enum status secret_file_read(const char *path, struct strbuf *out, struct error *err);

/* Like secret_file_read, but for a file of any number of lines, which are left unchanged. */
enum status secret_lines_read(const char *path, struct strbuf *out, struct error *err);

/*
 * Like secret_lines_read, but for a file that others are allowed to read but not to change, such as
 * a public key. Up to SECRET_PUBLIC_MAX bytes.
 */
#define SECRET_PUBLIC_MAX 4096
enum status secret_public_read(const char *path, struct strbuf *out, struct error *err);

#endif
