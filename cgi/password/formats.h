/*
 * The formats of password hashes, for the table in hash.c. Each format has a reader, which checks
 * the grammar of a hash and the limits on it, and a verifier. Internal to password/.
 */
#ifndef PASSWORD_FORMATS_H
#define PASSWORD_FORMATS_H

#include <string.h>

#include "password/hash.h"

enum password_reading {
	READING_OK,
	READING_MALFORMED, /* the text is not in the format of its prefix */
	READING_COSTLY     /* well-formed, but too costly to verify */
};

struct password_format {
	const char *prefix;
	const char *name; /* for the log */
	size_t skip;      /* bytes of the prefix to remove before `read` is called */
	bool weak; /* a thief of the table could find passwords quickly; the caller logs this */
	bool only_if_allowed;
	bool slashed; /* PHP's addslashes() might have changed the password before it was hashed */
	size_t max;   /* longest password in bytes; 0 for PASSWORD_MAX */
	enum password_reading (*read)(const char *text, struct password_hash *out);
	enum status (*verify)(const struct password_hash *hash, const char *password);
};

#define SALT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" /* crypt(5) */

/* Returns the letter's index in SALT64, or 64 if SALT64 does not have the letter. */
static inline unsigned long salt64_value(char letter)
{
	const char *at = letter == '\0' ? NULL : strchr(SALT64, letter);

	return at == NULL ? 64 : (unsigned long)(at - SALT64);
}

/*
 * Reads a decimal number without leading zeros, then the letter `behind`, and moves *at after both.
 * A number of more than nine digits becomes 1000000000, which is above every limit.
 */
bool password_read_number(const char **at, char behind, unsigned long *out);

/* from argon2.c */
enum password_reading argon2_read(const char *text, struct password_hash *out);
enum status argon2_verify(const struct password_hash *hash, const char *password);

/* from crypt.c, for formats that libcrypt verifies */
enum password_reading yescrypt_read(const char *text, struct password_hash *out);
enum password_reading scrypt_read(const char *text, struct password_hash *out);
enum password_reading bcrypt_read(const char *text, struct password_hash *out);
enum password_reading sha_crypt_read(const char *text, struct password_hash *out);
enum status crypt_verify(const struct password_hash *hash, const char *password);
enum status wordpress_verify(const struct password_hash *hash, const char *password);
enum password_reading smf_read(const char *text, struct password_hash *out);
enum status smf_verify(const struct password_hash *hash, const char *password);

/* from stretch.c, for repeated digests */
enum password_reading phpass_read(const char *text, struct password_hash *out);
enum status phpass_verify(const struct password_hash *hash, const char *password);
enum password_reading drupal_read(const char *text, struct password_hash *out);
enum status drupal_verify(const struct password_hash *hash, const char *password);
enum status drupal_md5_verify(const struct password_hash *hash, const char *password);
enum status phpass_md5_verify(const struct password_hash *hash, const char *password);
enum password_reading apr1_read(const char *text, struct password_hash *out);
enum status apr1_verify(const struct password_hash *hash, const char *password);

/* from digest.c, for PBKDF2 and single digests */
enum password_reading django_read(const char *text, struct password_hash *out);
enum password_reading mediawiki_read(const char *text, struct password_hash *out);
enum status django_verify(const struct password_hash *hash, const char *password);
enum status mediawiki_verify(const struct password_hash *hash, const char *password);
enum password_reading mediawiki_b_read(const char *text, struct password_hash *out);
enum status mediawiki_b_verify(const struct password_hash *hash, const char *password);
enum password_reading ldap_read(const char *text, struct password_hash *out);
enum status ldap_verify(const struct password_hash *hash, const char *password);
enum password_reading mybb_read(const char *text, struct password_hash *out);
enum status mybb_verify(const struct password_hash *hash, const char *password);

#endif
