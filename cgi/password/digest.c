/*
 * Verifies hashes whose digest is in base64 or hexadecimal: PBKDF2 of Django and MediaWiki, salted
 * MD5 of MediaWiki and MyBB, and the {SHA} kinds of LDAP and htpasswd.
 */
#include "base/codec.h"
#include "base/crypto.h"
#include "password/formats.h"

#define DJANGO_ROUNDS_MAX 1500000 /* twice as many as Django 5 uses */
/* rounds times blocks; the digest's length gives the number of blocks */
#define MEDIAWIKI_ROUNDS_MAX 500000
#define MEDIAWIKI_LEN_MIN    16
#define MEDIAWIKI_LEN_MAX    128
#define SALT_TEXT_MAX        128
#define MD5_HEX_LEN          32

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/*
 * Decodes base64. Returns STATUS_BAD_CREDENTIALS if the text is malformed, because no password can
 * match it.
 */
static enum status decode(const char *text, size_t len, struct strbuf *out)
{
	strbuf_init_secret(out);
	enum status status = codec_base64_decode(out, text, len);
	return status == STATUS_BAD_REQUEST ? STATUS_BAD_CREDENTIALS : status;
}

/*
 * Reads the salt, then skips the letter `behind`. Returns false if the letter is missing, or if the
 * salt is empty or too long.
 */
static bool read_salt(const char **at, char behind, struct password_hash *out)
{
	const char *end = strchr(*at, behind);

	if (end == NULL || end == *at || end - *at > SALT_TEXT_MAX)
		return false;
	out->salt = *at;
	out->salt_len = (size_t)(end - *at);
	*at = end + 1;
	return true;
}

/* Stores the string `at` as the digest. Returns true if it can be the base64 of `len` bytes. */
static bool read_digest(const char *at, size_t len, struct password_hash *out)
{
	out->digest = at;
	out->digest_len = strlen(at);
	return strspn(at, base64_letters) == out->digest_len &&
	       out->digest_len == (len + 2) / 3 * 4;
}

/* ---- PBKDF2 ---- */

static enum status pbkdf2_verify(const struct password_hash *hash, const struct pbkdf2 *what)
{
	unsigned char made[MEDIAWIKI_LEN_MAX];
	struct strbuf digest;
	enum status status = decode(hash->digest, hash->digest_len, &digest);

	if (status == STATUS_OK && digest.len != what->len)
		status = STATUS_BAD_CREDENTIALS;
	if (status == STATUS_OK && !digest_pbkdf2(what, made))
		status = STATUS_INTERNAL;
	if (status == STATUS_OK) {
		if (!secret_equal(made, digest.data, digest.len))
			status = STATUS_BAD_CREDENTIALS;
		secret_wipe(made, sizeof(made));
	}
	strbuf_clear(&digest);
	return status;
}

/* Reads "pbkdf2_sha256$ROUNDS$SALT$DIGEST". */
enum password_reading django_read(const char *text, struct password_hash *out)
{
	const char *at = text + strlen("pbkdf2_sha256$");

	if (!password_read_number(&at, '$', &out->rounds) || !read_salt(&at, '$', out) ||
	    !read_digest(at, digest_len(DIGEST_SHA256), out))
		return READING_MALFORMED;
	return out->rounds > DJANGO_ROUNDS_MAX ? READING_COSTLY : READING_OK;
}

enum status django_verify(const struct password_hash *hash, const char *password)
{
	const struct pbkdf2 what = {
	    .kind = DIGEST_SHA256,
	    .password = password,
	    .salt = {hash->salt, hash->salt_len},
	    .rounds = hash->rounds,
	    .len = digest_len(DIGEST_SHA256),
	};

	return pbkdf2_verify(hash, &what);
}

static enum digest_kind mediawiki_kind(const struct password_hash *hash)
{
	return strncmp(hash->text, ":pbkdf2:sha256:", 15) == 0 ? DIGEST_SHA256 : DIGEST_SHA512;
}

/*
 * Reads ":pbkdf2:", then sha256 or sha512, then ":ROUNDS:LENGTH:SALT:DIGEST". Salt and digest are
 * in base64.
 */
enum password_reading mediawiki_read(const char *text, struct password_hash *out)
{
	const char *at = text + strlen(":pbkdf2:sha512:");
	size_t block = digest_len(mediawiki_kind(out));

	if (strncmp(text, ":pbkdf2:sha256:", 15) != 0 && strncmp(text, ":pbkdf2:sha512:", 15) != 0)
		return READING_MALFORMED;
	if (!password_read_number(&at, ':', &out->rounds) ||
	    !password_read_number(&at, ':', &out->kind) || out->kind < MEDIAWIKI_LEN_MIN ||
	    out->kind > MEDIAWIKI_LEN_MAX || !read_salt(&at, ':', out) ||
	    strspn(out->salt, base64_letters) != out->salt_len || !read_digest(at, out->kind, out))
		return READING_MALFORMED;
	return out->rounds * ((out->kind + block - 1) / block) > MEDIAWIKI_ROUNDS_MAX
		   ? READING_COSTLY
		   : READING_OK;
}

enum status mediawiki_verify(const struct password_hash *hash, const char *password)
{
	struct strbuf salt;
	struct pbkdf2 what = {
	    .kind = mediawiki_kind(hash),
	    .password = password,
	    .rounds = hash->rounds,
	    .len = hash->kind,
	};
	enum status status = decode(hash->salt, hash->salt_len, &salt);

	if (status == STATUS_OK) {
		what.salt = (struct secret_part){salt.data, salt.len};
		status = pbkdf2_verify(hash, &what);
	}
	strbuf_clear(&salt);
	return status;
}

/* ---- MediaWiki's MD5 ---- */

/* Returns true if the rest of the text is an MD5 digest in hexadecimal. */
static bool read_md5_hex(const char *at, struct password_hash *out)
{
	out->digest = at;
	out->digest_len = MD5_HEX_LEN;
	return strspn(at, "0123456789abcdef") == MD5_HEX_LEN && at[MD5_HEX_LEN] == '\0';
}

/* Reads ":B:SALT:" and a digest of 32 hexadecimal digits. */
enum password_reading mediawiki_b_read(const char *text, struct password_hash *out)
{
	const char *at = text + strlen(":B:");

	return read_salt(&at, ':', out) && read_md5_hex(at, out) ? READING_OK : READING_MALFORMED;
}

static bool md5_hex(struct digest *md5, const struct secret_part *parts, size_t n,
		    struct strbuf *out)
{
	unsigned char sum[DIGEST_LEN_MAX];
	bool ok = digest_run(md5, parts, n, sum);

	codec_hex(out, sum, digest_len(DIGEST_MD5));
	secret_wipe(sum, sizeof(sum));
	return ok && strbuf_ok(out);
}

/* Compares the hash with the MD5 digest of the parts. */
static enum status md5_compare(struct digest *md5, const struct secret_part *parts, size_t n,
			       const struct password_hash *hash)
{
	enum status status = STATUS_INTERNAL;
	struct strbuf made;

	strbuf_init_secret(&made);
	if (md5_hex(md5, parts, n, &made))
		status = secret_equal(made.data, hash->digest, MD5_HEX_LEN)
			     ? STATUS_OK
			     : STATUS_BAD_CREDENTIALS;
	strbuf_clear(&made);
	return status;
}

/*
 * The hash is MD5(salt "-" MD5(password)), where the inner MD5 is a string of hexadecimal digits.
 */
enum status mediawiki_b_verify(const struct password_hash *hash, const char *password)
{
	const struct secret_part word = {password, strlen(password)};
	struct strbuf inner;
	struct digest *md5;
	enum status status = digest_new(DIGEST_MD5, &md5, NULL);

	if (status != STATUS_OK)
		return status;
	strbuf_init_secret(&inner);
	bool ok = md5_hex(md5, &word, 1, &inner);
	const struct secret_part parts[] = {
	    {hash->salt, hash->salt_len},
	    {"-",        1             },
	    {inner.data, inner.len     },
	};
	status = ok ? md5_compare(md5, parts, 3, hash) : STATUS_INTERNAL;
	strbuf_clear(&inner);
	digest_free(md5);
	return status;
}

/* ---- MyBB's MD5 ---- */

/*
 * Reads "{MyBB}SALT$" and a digest of 32 hexadecimal digits, as sql/sites/mybb/login.sql writes it.
 */
enum password_reading mybb_read(const char *text, struct password_hash *out)
{
	const char *at = text + strlen("{MyBB}");

	return read_salt(&at, '$', out) && read_md5_hex(at, out) ? READING_OK : READING_MALFORMED;
}

/*
 * The hash is MD5(MD5(salt) MD5(password)), where the inner MD5s are strings of hexadecimal digits.
 */
enum status mybb_verify(const struct password_hash *hash, const char *password)
{
	const struct secret_part salt = {hash->salt, hash->salt_len};
	const struct secret_part word = {password, strlen(password)};
	struct strbuf inner;
	struct digest *md5;
	enum status status = digest_new(DIGEST_MD5, &md5, NULL);

	if (status != STATUS_OK)
		return status;
	strbuf_init_secret(&inner);
	bool ok = md5_hex(md5, &salt, 1, &inner) && md5_hex(md5, &word, 1, &inner);
	const struct secret_part both = {inner.data, inner.len};
	status = ok ? md5_compare(md5, &both, 1, hash) : STATUS_INTERNAL;
	strbuf_clear(&inner);
	digest_free(md5);
	return status;
}

/* ---- {SHA}, {SSHA}, {SSHA256} ---- */

static enum digest_kind ldap_kind(const char *text)
{
	return strncmp(text, "{SSHA256}", 9) == 0 ? DIGEST_SHA256 : DIGEST_SHA1;
}

/*
 * Reads the base64 after the prefix. The base64 contains the digest and, for {SSHA} and {SSHA256},
 * the salt after the digest.
 */
enum password_reading ldap_read(const char *text, struct password_hash *out)
{
	size_t least = digest_len(ldap_kind(text));
	size_t most = strncmp(text, "{SHA}", 5) == 0 ? least : least + SALT_TEXT_MAX;

	out->digest = strchr(text, '}') + 1;
	out->digest_len = strlen(out->digest);
	if (most > least)
		least++;
	if (strspn(out->digest, base64_letters) != out->digest_len ||
	    out->digest_len < (least + 2) / 3 * 4 || out->digest_len > (most + 2) / 3 * 4)
		return READING_MALFORMED;
	return READING_OK;
}

static enum status ldap_compare(struct digest *digest, size_t len, const struct strbuf *stored,
				const char *password)
{
	unsigned char made[DIGEST_LEN_MAX];

	const struct secret_part parts[] = {
	    {password,           strlen(password) },
	    {stored->data + len, stored->len - len},
	};
	if (!digest_run(digest, parts, 2, made))
		return STATUS_INTERNAL;
	bool same = secret_equal(made, stored->data, len);
	secret_wipe(made, sizeof(made));
	return same ? STATUS_OK : STATUS_BAD_CREDENTIALS;
}

/*
 * Checks the number of decoded bytes. The length of the base64 does not determine this number,
 * because base64 of one length can hold three different numbers of bytes.
 */
static bool ldap_has_its_length(const struct password_hash *hash, const struct strbuf *stored)
{
	size_t len = digest_len(ldap_kind(hash->text));

	return strncmp(hash->text, "{SHA}", 5) == 0 ? stored->len == len : stored->len > len;
}

enum status ldap_verify(const struct password_hash *hash, const char *password)
{
	enum digest_kind kind = ldap_kind(hash->text);
	struct strbuf stored;
	struct digest *digest;
	enum status status = digest_new(kind, &digest, NULL);

	if (status != STATUS_OK)
		return status;
	status = decode(hash->digest, hash->digest_len, &stored);
	if (status == STATUS_OK)
		status = ldap_has_its_length(hash, &stored)
			     ? ldap_compare(digest, digest_len(kind), &stored, password)
			     : STATUS_BAD_CREDENTIALS;
	strbuf_clear(&stored);
	digest_free(digest);
	return status;
}
