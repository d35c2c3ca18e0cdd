/*
 * The table of password hash formats. The prefix of a hash selects its row. A hash of any other
 * format (DES, $1$, $3$, plain MD5 and SHA-1) never matches a password. The marks for accounts
 * without a password ("*", "!", "x", "*0" and "") never match either.
 */
#include "password/hash.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/unix_crypt.h"
#include "password/formats.h"

#define SLASHED "'\"\\" /* addslashes() puts a backslash before each of these characters */

#define DRUPAL_PASSWORD_MAX 512 /* Drupal refuses to hash a longer password */

#define ARGON2        .read = argon2_read, .verify = argon2_verify
#define CRYPT(reader) .max = UNIX_CRYPT_PASSWORD_MAX, .read = (reader), .verify = crypt_verify

/* clang-format off */
static const struct password_format formats[] = {
	{.prefix = "$argon2id$", .name = "argon2id", ARGON2},
	{.prefix = "$argon2i$", .name = "argon2i", ARGON2},
	{.prefix = "argon2$argon2id$", .name = "argon2id (Django)", .skip = 6, ARGON2},
	{.prefix = "3|$argon2id$", .name = "argon2id (Nextcloud)", .skip = 2, ARGON2},
	{.prefix = "2|$argon2i$", .name = "argon2i (Nextcloud)", .skip = 2, ARGON2},
	{.prefix = "1|$2y$", .name = "bcrypt (Nextcloud)", .skip = 2, CRYPT(bcrypt_read)},
	{.prefix = "$y$", .name = "yescrypt", CRYPT(yescrypt_read)},
	{.prefix = "$gy$", .name = "gost-yescrypt", CRYPT(yescrypt_read)},
	{.prefix = "$7$", .name = "scrypt", CRYPT(scrypt_read)},
	{.prefix = "$2y$", .name = "bcrypt", CRYPT(bcrypt_read)},
	{.prefix = "$2b$", .name = "bcrypt", CRYPT(bcrypt_read)},
	{.prefix = "$2a$", .name = "bcrypt", CRYPT(bcrypt_read)},
	{.prefix = "$wp$2y$", .name = "bcrypt (WordPress)", .skip = 3,
	 .slashed = true, .read = bcrypt_read, .verify = wordpress_verify},
	{.prefix = "$6$", .name = "sha512crypt", CRYPT(sha_crypt_read)},
	{.prefix = "$5$", .name = "sha256crypt", CRYPT(sha_crypt_read)},
	{.prefix = "$P$", .name = "phpass", .weak = true, .slashed = true,
	 .read = phpass_read, .verify = phpass_verify},
	{.prefix = "$H$", .name = "phpass", .weak = true,
	 .read = phpass_read, .verify = phpass_verify},
	{.prefix = "$S$", .name = "SHA-512 (Drupal)", .max = DRUPAL_PASSWORD_MAX,
	 .read = drupal_read, .verify = drupal_verify},
	{.prefix = "U$S$", .name = "SHA-512 of MD5 (Drupal)", .skip = 1, .weak = true,
	 .max = DRUPAL_PASSWORD_MAX, .read = drupal_read, .verify = drupal_md5_verify},
	{.prefix = "U$P$", .name = "phpass of MD5 (Drupal)", .skip = 1, .weak = true,
	 .max = DRUPAL_PASSWORD_MAX, .read = phpass_read, .verify = phpass_md5_verify},
	{.prefix = "pbkdf2_sha256$", .name = "PBKDF2 (Django)",
	 .read = django_read, .verify = django_verify},
	{.prefix = ":pbkdf2:", .name = "PBKDF2 (MediaWiki)",
	 .read = mediawiki_read, .verify = mediawiki_verify},
	{.prefix = ":B:", .name = "salted MD5 (MediaWiki)", .weak = true,
	 .read = mediawiki_b_read, .verify = mediawiki_b_verify},
	{.prefix = ":argon2:$argon2id$", .name = "argon2id (MediaWiki)", .skip = 8, ARGON2},
	{.prefix = "{SMF}", .name = "bcrypt with the name (SMF)", .max = UNIX_CRYPT_PASSWORD_MAX,
	 .read = smf_read, .verify = smf_verify},
	{.prefix = "{MyBB}", .name = "salted MD5 (MyBB)", .weak = true, .only_if_allowed = true,
	 .read = mybb_read, .verify = mybb_verify},
	{.prefix = "$apr1$", .name = "apr1", .weak = true, .only_if_allowed = true,
	 .read = apr1_read, .verify = apr1_verify},
	{.prefix = "{SHA}", .name = "SHA-1", .weak = true, .only_if_allowed = true,
	 .read = ldap_read, .verify = ldap_verify},
	{.prefix = "{SSHA}", .name = "salted SHA-1", .weak = true, .only_if_allowed = true,
	 .read = ldap_read, .verify = ldap_verify},
	{.prefix = "{SSHA256}", .name = "salted SHA-256", .weak = true, .only_if_allowed = true,
	 .read = ldap_read, .verify = ldap_verify},
};
/* clang-format on */

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

bool password_read_number(const char **at, char behind, unsigned long *out)
{
	const char *p = *at;
	unsigned long number = 0;

	if (*p < '1' || *p > '9')
		return false;
	for (int digits = 0; *p >= '0' && *p <= '9'; p++, digits++)
		number = digits < 9 ? number * 10 + (unsigned long)(*p - '0') : 1000000000;
	if (*p != behind)
		return false;
	*at = p + 1;
	*out = number;
	return true;
}

static const struct password_format *format_of(const char *text)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (strncmp(text, formats[i].prefix, strlen(formats[i].prefix)) == 0)
			return &formats[i];
	return NULL;
}

enum status password_hash_read(const char *text, bool allow_weak, struct password_hash *out,
			       struct error *err)
{
	size_t len = strnlen(text, PASSWORD_HASH_MAX + 1);
	const struct password_format *format = format_of(text);
	struct password_hash hash = {.format = format};

	if (len == 0)
		return error_set(err, STATUS_BAD_CREDENTIALS, "no password is set");
	if (format == NULL || len > PASSWORD_HASH_MAX)
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the format of the stored password hash is not supported");
	if (format->only_if_allowed && !allow_weak)
		return error_set(
		    err, STATUS_BAD_CREDENTIALS,
		    "the stored password hash (%s) is accepted only with allow_weak_hashes = on",
		    format->name);
	hash.text = text + format->skip;
	switch (format->read(hash.text, &hash)) {
	case READING_OK:
		*out = hash;
		return STATUS_OK;
	case READING_COSTLY:
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the stored password hash (%s) requires more work than prebind "
				 "allows for one password",
				 format->name);
	default:
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the stored password hash (%s) is malformed", format->name);
	}
}

/*
 * Verifies the password as PHP's addslashes() would change it. Ignores NUL, which a password cannot
 * have.
 */
static enum status verify_slashed(const struct password_hash *hash, const char *password)
{
	enum status status = STATUS_INTERNAL;
	struct strbuf text;

	strbuf_init_secret(&text);
	for (const char *at = password; *at != '\0'; at++) {
		if (strchr(SLASHED, *at) != NULL)
			strbuf_addc(&text, '\\');
		strbuf_addc(&text, *at);
	}
	if (strbuf_ok(&text))
		status = hash->format->verify(hash, text.data);
	strbuf_clear(&text);
	return status;
}

/*
 * Tries the password with slashes and without. WordPress adds slashes to all values of a form, so
 * it hashes a password from a form with slashes. It hashes a password from elsewhere without
 * slashes.
 */
enum status password_hash_verify(const struct password_hash *hash, const char *password)
{
	enum status status = hash->format->verify(hash, password);

	if (status == STATUS_BAD_CREDENTIALS && hash->format->slashed &&
	    strpbrk(password, SLASHED) != NULL)
		status = verify_slashed(hash, password);
	return status;
}

size_t password_hash_max(const struct password_hash *hash)
{
	return hash->format->max > 0 ? hash->format->max : PASSWORD_MAX;
}

const char *password_hash_name(const struct password_hash *hash)
{
	return hash->format->name;
}

bool password_hash_is_weak(const struct password_hash *hash)
{
	return hash->format->weak;
}
