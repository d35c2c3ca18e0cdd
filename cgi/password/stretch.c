/*
 * Verifies hashes made by repeating a digest: phpass (WordPress before 6.8, phpBB 3.0, Joomla 2.5),
 * Drupal 7 to 10.0, and Apache's apr1. These formats differ in digest and alphabet. The hash gives
 * the number of rounds, for which we have limits.
 */
#include "base/codec.h"
#include "base/crypto.h"
#include "password/formats.h"

#define STRETCH_LOG_MIN 7
#define PHPASS_LOG_MAX  17 /* 131072 rounds; the format allows 2^30, which would take minutes */
#define DRUPAL_LOG_MAX  19
#define STRETCH_SALT    8
#define STRETCH_HEAD    12 /* "$P$", one letter for the rounds, and eight letters of salt */
#define PHPASS_DIGEST   22 /* an MD5 digest has this many letters */
#define DRUPAL_DIGEST   43 /* letters; a SHA-512 digest has 86, and Drupal cuts off the rest */
#define APR1_ROUNDS     1000
#define APR1_SALT_MAX   8
#define APR1_DIGEST     22
#define TEXT64_MAX      90 /* DIGEST_LEN_MAX bytes written as letters, and a NUL */
#define MD5_LEN         16

/* ---- letters ---- */

/*
 * Writes each group of three bytes as four letters, the lowest bits first. The last group can be
 * shorter.
 */
static void encode64(const unsigned char *data, size_t len, char out[TEXT64_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t bytes = len - i < 3 ? len - i : 3;
		unsigned long value = 0;
		for (size_t j = 0; j < bytes; j++)
			value |= (unsigned long)data[i + j] << (8 * j);
		for (size_t j = 0; j <= bytes; j++, value >>= 6)
			out[n++] = SALT64[value & 63];
	}
	out[n] = '\0';
}

static enum status compare(const struct password_hash *hash, const char *made)
{
	return strlen(made) >= hash->digest_len &&
		       secret_equal(made, hash->digest, hash->digest_len)
		   ? STATUS_OK
		   : STATUS_BAD_CREDENTIALS;
}

/* ---- phpass, Drupal ---- */

/*
 * Reads a prefix of three bytes such as "$P$", a letter for the logarithm of the rounds, eight
 * letters of salt, and the digest.
 */
static enum password_reading stretch_read(const char *text, unsigned long log_max, size_t digest,
					  struct password_hash *out)
{
	if (strnlen(text, STRETCH_HEAD + digest + 1) != STRETCH_HEAD + digest ||
	    strspn(text + STRETCH_HEAD, SALT64) != digest)
		return READING_MALFORMED;
	out->rounds = salt64_value(text[3]);
	out->salt = text + 4;
	out->salt_len = STRETCH_SALT;
	out->digest = text + STRETCH_HEAD;
	out->digest_len = digest;
	if (out->rounds < STRETCH_LOG_MIN || out->rounds > 30)
		return READING_MALFORMED;
	return out->rounds > log_max ? READING_COSTLY : READING_OK;
}

enum password_reading phpass_read(const char *text, struct password_hash *out)
{
	return stretch_read(text, PHPASS_LOG_MAX, PHPASS_DIGEST, out);
}

enum password_reading drupal_read(const char *text, struct password_hash *out)
{
	return stretch_read(text, DRUPAL_LOG_MAX, DRUPAL_DIGEST, out);
}

static enum status stretch_verify(const struct password_hash *hash, enum digest_kind kind,
				  const char *password)
{
	unsigned char state[DIGEST_LEN_MAX];
	char made[TEXT64_MAX];
	struct digest *digest;
	const struct secret_part word = {password, strlen(password)};
	const struct secret_part first[] = {
	    {hash->salt, hash->salt_len},
            word
        };
	const struct secret_part next[] = {
	    {state, digest_len(kind)},
            word
        };
	enum status status = digest_new(kind, &digest, NULL);

	if (status != STATUS_OK)
		return status;
	bool ok = digest_run(digest, first, 2, state);
	for (unsigned long left = 1UL << hash->rounds; left > 0 && ok; left--)
		ok = digest_run(digest, next, 2, state);
	encode64(state, digest_len(kind), made);
	status = ok ? compare(hash, made) : STATUS_INTERNAL;
	digest_free(digest);
	secret_wipe(state, sizeof(state));
	secret_wipe(made, sizeof(made));
	return status;
}

enum status phpass_verify(const struct password_hash *hash, const char *password)
{
	return stretch_verify(hash, DIGEST_MD5, password);
}

enum status drupal_verify(const struct password_hash *hash, const char *password)
{
	return stretch_verify(hash, DIGEST_SHA512, password);
}

/*
 * Verifies a hash that Drupal made from an old MD5 hash. The input of Drupal's hash is the
 * password's MD5 in hexadecimal digits.
 */
static enum status md5_verify(const struct password_hash *hash, enum digest_kind kind,
			      const char *password)
{
	unsigned char sum[MD5_LEN];
	const struct secret_part word = {password, strlen(password)};
	struct digest *md5;
	struct strbuf text;
	enum status status = digest_new(DIGEST_MD5, &md5, NULL);

	if (status != STATUS_OK)
		return status;
	strbuf_init_secret(&text);
	bool ok = digest_run(md5, &word, 1, sum);
	codec_hex(&text, sum, sizeof(sum));
	status = ok && strbuf_ok(&text) ? stretch_verify(hash, kind, text.data) : STATUS_INTERNAL;
	strbuf_clear(&text);
	digest_free(md5);
	secret_wipe(sum, sizeof(sum));
	return status;
}

enum status drupal_md5_verify(const struct password_hash *hash, const char *password)
{
	return md5_verify(hash, DIGEST_SHA512, password);
}

enum status phpass_md5_verify(const struct password_hash *hash, const char *password)
{
	return md5_verify(hash, DIGEST_MD5, password);
}

/* ---- apr1 ---- */

enum password_reading apr1_read(const char *text, struct password_hash *out)
{
	out->salt = text + strlen("$apr1$");
	out->salt_len = strspn(out->salt, SALT64);
	out->digest = out->salt + out->salt_len + 1;
	out->digest_len = APR1_DIGEST;
	if (out->salt_len < 1 || out->salt_len > APR1_SALT_MAX || out->salt[out->salt_len] != '$' ||
	    strspn(out->digest, SALT64) != APR1_DIGEST || out->digest[APR1_DIGEST] != '\0')
		return READING_MALFORMED;
	return READING_OK;
}

/*
 * Computes the first digest. Its input is the password, "$apr1$", the salt and two more parts. The
 * first part is the MD5 of password, salt and password, repeated to the length of the password. The
 * second part has one byte for each binary digit of that length: a NUL or the first byte of the
 * password.
 */
static bool apr1_begin(struct digest *md5, const struct secret_part *word,
		       const struct secret_part *salt, unsigned char sum[MD5_LEN])
{
	const struct secret_part alternate[] = {*word, *salt, *word};
	struct strbuf text;
	bool ok = digest_run(md5, alternate, 3, sum);

	strbuf_init_secret(&text);
	strbuf_add(&text, word->data, word->len);
	strbuf_adds(&text, "$apr1$");
	strbuf_add(&text, salt->data, salt->len);
	for (size_t left = word->len; left > 0; left -= left < MD5_LEN ? left : MD5_LEN)
		strbuf_add(&text, sum, left < MD5_LEN ? left : MD5_LEN);
	for (size_t bits = word->len; bits > 0; bits >>= 1)
		strbuf_addc(&text, (bits & 1) != 0 ? '\0' : *(const char *)word->data);
	const struct secret_part whole = {text.data, text.len};
	ok = ok && strbuf_ok(&text) && digest_run(md5, &whole, 1, sum);
	strbuf_clear(&text);
	return ok;
}

static bool apr1_round(struct digest *md5, unsigned round, const struct secret_part *word,
		       const struct secret_part *salt, unsigned char sum[MD5_LEN])
{
	const struct secret_part so_far = {sum, MD5_LEN};
	bool odd = (round & 1) != 0;
	struct secret_part parts[4];
	size_t n = 0;

	parts[n++] = odd ? *word : so_far;
	if (round % 3 != 0)
		parts[n++] = *salt;
	if (round % 7 != 0)
		parts[n++] = *word;
	parts[n++] = odd ? so_far : *word;
	return digest_run(md5, parts, n, sum);
}

/*
 * Writes the digest in the byte order of md5-crypt: in groups of three bytes, with a single byte at
 * the end.
 */
static void apr1_encode(const unsigned char sum[MD5_LEN], char out[TEXT64_MAX])
{
	static const unsigned char order[MD5_LEN] = {12, 6,  0, 13, 7, 1,  14, 8,
						     2,  15, 9, 3,  5, 10, 4,  11};
	unsigned char sorted[MD5_LEN];

	for (size_t i = 0; i < MD5_LEN; i++)
		sorted[i] = sum[order[i]];
	encode64(sorted, MD5_LEN, out);
	secret_wipe(sorted, sizeof(sorted));
}

enum status apr1_verify(const struct password_hash *hash, const char *password)
{
	const struct secret_part word = {password, strlen(password)};
	const struct secret_part salt = {hash->salt, hash->salt_len};
	unsigned char sum[MD5_LEN] = {0};
	char made[TEXT64_MAX];
	struct digest *md5;
	enum status status = digest_new(DIGEST_MD5, &md5, NULL);

	if (status != STATUS_OK)
		return status;
	bool ok = apr1_begin(md5, &word, &salt, sum);
	for (unsigned round = 0; round < APR1_ROUNDS && ok; round++)
		ok = apr1_round(md5, round, &word, &salt, sum);
	apr1_encode(sum, made);
	status = ok ? compare(hash, made) : STATUS_INTERNAL;
	digest_free(md5);
	secret_wipe(sum, sizeof(sum));
	secret_wipe(made, sizeof(made));
	return status;
}
