/*
 * The password hashes that sites have: the formats, what each may cost, and the check of a
 * password. A hash is first read, which computes nothing, and then verified. The table of formats
 * is in hash.c; the queue is in password.h.
 */
#ifndef PASSWORD_HASH_H
#define PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PASSWORD_MAX      1024 /* bytes of a password */
#define PASSWORD_HASH_MAX 512  /* bytes of a hash; the longest, yescrypt, has less than 200 */

struct password_format;

/* A hash that was read. Its pointers point into the text it was read from. */
struct password_hash {
	const struct password_format *format;
	const char *text; /* the text for the format's own reader, without Nextcloud's "3|" */
	const char *salt;
	size_t salt_len;
	const char *digest; /* in the format's own alphabet */
	size_t digest_len;
	unsigned long rounds; /* depends on the format: rounds, or their logarithm */
	unsigned long kind;   /* depends on the format: the digest, or its number of bytes */
};

/*
 * Reads a hash by its prefix; it must be complete and within the format's bounds. allow_weak: also
 * accepts hashes of one fast digest. STATUS_BAD_CREDENTIALS: it cannot be verified; err says why
 * and quotes nothing of it.
 */
enum status password_hash_read(const char *text, bool allow_weak, struct password_hash *out,
			       struct error *err);

/*
 * STATUS_OK: the password is right. STATUS_BAD_CREDENTIALS: it is not. STATUS_INTERNAL: out of
 * memory. The password has at most password_hash_max bytes.
 */
enum status password_hash_verify(const struct password_hash *hash, const char *password);

size_t password_hash_max(const struct password_hash *hash); /* bytes of a password */
const char *password_hash_name(const struct password_hash *hash);

/* True if a stolen table would give the password away quickly. The caller logs it. */
bool password_hash_is_weak(const struct password_hash *hash);

#endif
