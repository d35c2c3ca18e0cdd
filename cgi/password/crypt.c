/*
 * The formats that libcrypt verifies: yescrypt, scrypt, bcrypt, SHA-crypt, and bcrypt as WordPress
 * uses it. libcrypt does as much work as the hash demands. So each hash is first checked against
 * its grammar (crypt(5)) and a limit on its cost.
 */
#include <ctype.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "base/unix_crypt.h"
#include "password/formats.h"

#define BCRYPT_COST_MIN 4
#define BCRYPT_COST_MAX 13 /* about a second; each step doubles the time; cost 31 takes days */
#define BCRYPT_LEN      60 /* "$2y$10$", 22 letters of salt and 31 of digest */
#define SMF_NAME_MAX    48 /* bytes; leaves 24 of bcrypt's 72 bytes for the password */

#define SHA_ROUNDS     5000 /* the number of rounds if the hash does not give one */
#define SHA_ROUNDS_MIN 1000 /* libcrypt accepts no smaller number */
/* half a second; the format allows 999999999, which takes a quarter of an hour */
#define SHA_ROUNDS_MAX 500000
#define SHA_SALT_MAX   16

#define YESCRYPT_SALT_MAX   86
#define YESCRYPT_DIGEST_LEN 43
#define SCRYPT_LOG_N_MAX    17
#define SCRYPT_WORK_MAX     (1UL << 20) /* N times r; at this limit scrypt takes 128 MiB */

#define WORDPRESS_KEY    "wp-sha384"
#define WORDPRESS_DIGEST 48 /* bytes of a SHA-384 digest */

static size_t span64(const char *text)
{
	return strspn(text, SALT64);
}

/* Returns true if the text is exactly "SALT$DIGEST", with both parts in crypt's letters. */
static bool is_salt_and_digest(const char *text, size_t salt_max, size_t digest_len)
{
	size_t salt = span64(text);

	return salt >= 1 && salt <= salt_max && text[salt] == '$' &&
	       span64(text + salt + 1) == digest_len && text[salt + 1 + digest_len] == '\0';
}

/*
 * Reads "$y$" and "$gy$". Accepts only r = 32 and 1024 to 65536 blocks (4 to 256 MiB). Debian uses
 * values in this range.
 */
enum password_reading yescrypt_read(const char *text, struct password_hash *out)
{
	const char *at = text + (text[1] == 'g' ? strlen("$gy$") : strlen("$y$"));

	(void)out;
	if (at[0] == '\0' || at[1] == '\0' || at[2] == '\0' || at[3] != '$')
		return strchr(at, '$') != NULL ? READING_COSTLY : READING_MALFORMED;
	if (at[0] != 'j' || strchr("789ABCD", at[1]) == NULL || at[2] != 'T')
		return READING_COSTLY;
	return is_salt_and_digest(at + 4, YESCRYPT_SALT_MAX, YESCRYPT_DIGEST_LEN)
		   ? READING_OK
		   : READING_MALFORMED;
}

/*
 * Reads a number of 30 bits from five letters, the lowest bits first. Returns false if a character
 * is not one of crypt's letters.
 */
static bool read_uint30(const char *text, unsigned long *out)
{
	unsigned long number = 0;

	for (unsigned i = 0; i < 5; i++) {
		unsigned long value = salt64_value(text[i]);
		if (value > 63)
			return false;
		number |= value << (6 * i);
	}
	*out = number;
	return true;
}

/* Reads "$7$", N (one letter, the logarithm), r and p (five letters each), salt, "$" and digest. */
enum password_reading scrypt_read(const char *text, struct password_hash *out)
{
	const char *at = text + 3;
	unsigned long log_n = salt64_value(*at);
	unsigned long r;
	unsigned long p;

	(void)out;
	if (span64(at) < 11 || !read_uint30(at + 1, &r) || !read_uint30(at + 6, &p) ||
	    !is_salt_and_digest(at + 11, YESCRYPT_SALT_MAX, YESCRYPT_DIGEST_LEN))
		return READING_MALFORMED;
	if (log_n < 1 || r < 1 || p < 1)
		return READING_MALFORMED;
	if (log_n > SCRYPT_LOG_N_MAX || p > 1 || r > SCRYPT_WORK_MAX >> log_n)
		return READING_COSTLY;
	return READING_OK;
}

enum password_reading bcrypt_read(const char *text, struct password_hash *out)
{
	if (strnlen(text, BCRYPT_LEN + 1) != BCRYPT_LEN || text[6] != '$' ||
	    !isdigit((unsigned char)text[4]) || !isdigit((unsigned char)text[5]) ||
	    span64(text + 7) != BCRYPT_LEN - 7)
		return READING_MALFORMED;
	out->rounds = (unsigned long)(text[4] - '0') * 10 + (unsigned long)(text[5] - '0');
	if (out->rounds < BCRYPT_COST_MIN || out->rounds > BCRYPT_COST_MAX)
		return READING_COSTLY;
	return READING_OK;
}

/* Reads "$5$" or "$6$", an optional "rounds=N$", the salt, "$" and the digest. */
enum password_reading sha_crypt_read(const char *text, struct password_hash *out)
{
	static const char rounds[] = "rounds=";
	const char *at = text + 3;
	unsigned long count = SHA_ROUNDS;

	if (strncmp(at, rounds, sizeof(rounds) - 1) == 0) {
		at += sizeof(rounds) - 1;
		if (!password_read_number(&at, '$', &count) || count < SHA_ROUNDS_MIN)
			return READING_MALFORMED;
	}
	if (!is_salt_and_digest(at, SHA_SALT_MAX, text[1] == '5' ? 43 : 86))
		return READING_MALFORMED;
	out->rounds = count;
	return count > SHA_ROUNDS_MAX ? READING_COSTLY : READING_OK;
}

enum status crypt_verify(const struct password_hash *hash, const char *password)
{
	return unix_crypt_verify(hash->text, password);
}

/*
 * WordPress 6.8 removes whitespace from both ends of a password. It then passes bcrypt a digest of
 * the password in base64 (64 letters), so that a long password does not exceed bcrypt's 72 bytes.
 */
enum status wordpress_verify(const struct password_hash *hash, const char *password)
{
	static const char blanks[] = " \t\n\r\v";
	const struct secret_part key = {WORDPRESS_KEY, strlen(WORDPRESS_KEY)};
	unsigned char mac[WORDPRESS_DIGEST];
	struct strbuf text;
	enum status status = STATUS_INTERNAL;

	password += strspn(password, blanks);
	size_t len = strlen(password);
	while (len > 0 && strchr(blanks, password[len - 1]) != NULL)
		len--;
	const struct secret_part trimmed = {password, len};
	strbuf_init_secret(&text);
	if (digest_hmac(DIGEST_SHA384, &key, &trimmed, mac)) {
		codec_base64(&text, mac, sizeof(mac));
		if (strbuf_ok(&text))
			status = unix_crypt_verify(hash->text, text.data);
	}
	strbuf_clear(&text);
	secret_wipe(mac, sizeof(mac));
	return status;
}

/*
 * Reads "{SMF}NAME" followed by a bcrypt hash, as sql/sites/smf/login.sql writes it. SMF hashes the
 * name (in lower case) followed by the password. bcrypt reads only 72 bytes, and a long name would
 * leave none of them for the password.
 */
enum password_reading smf_read(const char *text, struct password_hash *out)
{
	size_t len = strlen(text) - strlen("{SMF}");

	out->salt = text + strlen("{SMF}");
	if (len <= BCRYPT_LEN || len - BCRYPT_LEN > SMF_NAME_MAX)
		return READING_MALFORMED;
	out->salt_len = len - BCRYPT_LEN;
	out->text = out->salt + out->salt_len;
	if (strncmp(out->text, "$2y$", 4) != 0)
		return READING_MALFORMED;
	return bcrypt_read(out->text, out);
}

enum status smf_verify(const struct password_hash *hash, const char *password)
{
	enum status status = STATUS_INTERNAL;
	struct strbuf text;

	strbuf_init_secret(&text);
	strbuf_add(&text, hash->salt, hash->salt_len);
	strbuf_adds(&text, password);
	if (strbuf_ok(&text))
		status = unix_crypt_verify(hash->text, text.data);
	strbuf_clear(&text);
	return status;
}
