/*
 * The password hashes of sites: their formats, a limit on the cost of each, and the check of a
 * password. A hash is first read, which computes nothing, and then verified. The table of formats
 * is in hash.c; the queue is in password.h.
 */
#ifndef PASSWORD_HASH_H
#define PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PASSWORD_MAX      1024 /* bytes of a password */
#define PASSWORD_HASH_MAX 512  /* bytes of a hash; the longest (yescrypt) has less than 200 */

struct password_format;

/* A hash that was read. Its pointers point into the text that it was read from. */
struct password_hash {
	const struct password_format *format;
	const char *text; /* what the format's own reader gets, without Nextcloud's "3|" */
	const char *salt;
	size_t salt_len;
	const char *digest; /* in the alphabet of the format */
	size_t digest_len;
	unsigned long rounds; /* the rounds, or in some formats their logarithm */
	unsigned long kind;   /* in MediaWiki's PBKDF2: the number of bytes of the digest */
};

/*
 * Reads a hash by its prefix. The hash must be complete and within the limits of its format. With
 * allow_weak, hashes of one fast digest are accepted, too. Returns STATUS_BAD_CREDENTIALS if the
 * hash cannot be verified; err then says why, without quoting the hash.
 */
enum status password_hash_read(const char *text, bool allow_weak, struct password_hash *out,
			       struct error *err);

/*
 * Returns STATUS_OK if the password is right, STATUS_BAD_CREDENTIALS if it is wrong, and
 * STATUS_INTERNAL if out of memory. The password must have at most password_hash_max bytes.
 */
enum status password_hash_verify(const struct password_hash *hash, const char *password);

size_t password_hash_max(const struct password_hash *hash); /* bytes of a password */
const char *password_hash_name(const struct password_hash *hash);

/*
 * Returns true if somebody who steals the table can find the password quickly. The caller logs
 * this.
 */
bool password_hash_is_weak(const struct password_hash *hash);

#endif
