/*
 * The password hashes of sites: their formats, a limit on the cost of each, and the check of a
 * password. Reading a hash computes nothing; verifying it does the work. The table of formats is in
 * hash.c. The queue for verifications is in password.h.
 */
#ifndef PASSWORD_HASH_H
#define PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PASSWORD_MAX 1024 /* maximum bytes of a password */
/* maximum bytes of a hash; the longest kind (yescrypt) has less than 200 */
#define PASSWORD_HASH_MAX 512

struct password_format;

/* A hash that has been read. Its pointers point into the string that was read. */
struct password_hash {
	const struct password_format *format;
	const char *text; /* the hash as its format's reader got it, without Nextcloud's "3|" */
	const char *salt;
	size_t salt_len;
	const char *digest; /* in the encoding of the format */
	size_t digest_len;
	unsigned long rounds; /* the number of rounds or, in some formats, its logarithm */
	unsigned long kind;   /* in MediaWiki's PBKDF2, the number of bytes of the digest */
};

/*
 * Reads a hash by its prefix. The hash must be complete and within the limits of its format. Hashes
 * that are fast to compute (weak hashes) are accepted only if allow_weak is true. Returns
 * STATUS_BAD_CREDENTIALS if the hash cannot be verified; err then says why, without quoting the
 * hash.
 */
enum status password_hash_read(const char *text, bool allow_weak, struct password_hash *out,
			       struct error *err);

/*
 * Returns STATUS_OK if the password is right, STATUS_BAD_CREDENTIALS if it is wrong, and
 * STATUS_INTERNAL if out of memory. The password must not be longer than password_hash_max.
 */
enum status password_hash_verify(const struct password_hash *hash, const char *password);

size_t password_hash_max(const struct password_hash *hash); /* longest password in bytes */
const char *password_hash_name(const struct password_hash *hash);

/*
 * Returns true if a thief of the password table could quickly find this password from its hash. The
 * caller logs this.
 */
bool password_hash_is_weak(const struct password_hash *hash);

#endif
