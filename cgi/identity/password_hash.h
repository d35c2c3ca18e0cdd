/*
 * Password hashes that sites have: which formats there are, what each may cost, and whether a
 * password is the one. A hash is first read, which computes nothing whatever it says, and then
 * verified. The table of formats is password_hash.c; the queue in front of all this is password.h.
 */
#ifndef IDENTITY_PASSWORD_HASH_H
#define IDENTITY_PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PASSWORD_MAX      1024 /* bytes of a password */
#define PASSWORD_HASH_MAX 512  /* bytes of a hash: the longest, yescrypt's, has less than 200 */

struct password_format;

/* One that was read. Everything points into the text it was read from. */
struct password_hash {
	const struct password_format *format;
	const char *text; /* what the format's own reader took: without Nextcloud's "3|" */
	const char *salt;
	size_t salt_len;
	const char *digest; /* in the format's own letters */
	size_t digest_len;
	unsigned long rounds; /* by the format: rounds, or their logarithm */
	unsigned long kind;   /* by the format: which digest, or how many bytes of it */
};

/*
 * By its prefix, in full, within the format's bounds. allow_weak: also those of one fast digest.
 * STATUS_BAD_CREDENTIALS: nothing that can be verified; the sentence says why and quotes nothing of
 * it.
 */
enum status password_hash_read(const char *text, bool allow_weak, struct password_hash *out,
			       struct error *err);

/*
 * STATUS_OK, STATUS_BAD_CREDENTIALS, or STATUS_INTERNAL: out of memory. At most password_hash_max
 * bytes.
 */
enum status password_hash_verify(const struct password_hash *hash, const char *password);

size_t password_hash_max(const struct password_hash *hash); /* bytes of a password */
const char *password_hash_name(const struct password_hash *hash);

/* Of a kind that a stolen table gives away quickly: worth a line in the log. */
bool password_hash_is_weak(const struct password_hash *hash);

#endif
