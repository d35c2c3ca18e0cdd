/*
 * The wrapper of libsodium. No function retains a secret after it returns, because the caller owns
 * the results and wipes them. secret_file.c reads files with secrets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/sodium.h"

/* OWASP's minimum for argon2id: 19 MiB, two passes. */
#define ARGON2_MEMORY_KIB 19456
#define ARGON2_PASSES     2

/*
 * Limits on the cost of a stored hash, so that checking a password against it cannot take minutes.
 */
#define ARGON2_MEMORY_MAX_KIB 131072
#define ARGON2_PASSES_MAX     10
#define ARGON2_LANES_MAX      8
#define ARGON2_WORK_MAX       524288 /* memory in KiB times passes */

#define ARGON2_HASH_LEN    32
#define ARGON2I_PASSES_MIN 3 /* libsodium does not compute argon2i with fewer passes */

_Static_assert(SECRET_HASH_MAX >= crypto_pwhash_STRBYTES, "an argon2id string must fit");
_Static_assert(SECRET_SHA256_LEN == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(SECRET_SHA256_LEN == crypto_auth_hmacsha256_BYTES, "HMAC-SHA-256");
_Static_assert(sizeof(crypto_auth_hmacsha256_state) == SECRET_HMAC_STATE_LEN, "a prepared key");

enum status secret_start(struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, STATUS_INTERNAL,
				 "libsodium cannot start, because it gets no random bytes; check "
				 "that /dev/urandom is readable");
	return STATUS_OK;
}

void secret_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

void secret_random_hex(char *out, size_t n)
{
	unsigned char bytes[32];

	while (n > 0) {
		size_t chunk = n < sizeof(bytes) ? n : sizeof(bytes);

		randombytes_buf(bytes, chunk);
		sodium_bin2hex(out, 2 * chunk + 1, bytes, chunk);
		out += 2 * chunk;
		n -= chunk;
	}
	*out = '\0';
	sodium_memzero(bytes, sizeof(bytes));
}

void secret_sha256(unsigned char out[SECRET_SHA256_LEN], const void *data, size_t len)
{
	crypto_hash_sha256(out, data, len);
}

/* Adds the parts to a keyed state, writes the MAC and wipes the state. */
static void hmac_finish(unsigned char out[SECRET_SHA256_LEN], crypto_auth_hmacsha256_state *hmac,
			const struct secret_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		crypto_auth_hmacsha256_update(hmac, parts[i].data, parts[i].len);
	crypto_auth_hmacsha256_final(hmac, out);
	sodium_memzero(hmac, sizeof(*hmac));
}

void secret_hmac_keyed(unsigned char out[SECRET_SHA256_LEN], const struct secret_part *key,
		       const struct secret_part *parts, size_t n)
{
	crypto_auth_hmacsha256_state hmac;

	crypto_auth_hmacsha256_init(&hmac, key->data, key->len);
	hmac_finish(out, &hmac, parts, n);
}

void secret_hmac_prepare(struct secret_hmac_key *out, const unsigned char key[SECRET_KEY_LEN])
{
	crypto_auth_hmacsha256_state hmac;

	crypto_auth_hmacsha256_init(&hmac, key, SECRET_KEY_LEN);
	memcpy(out->state, &hmac, sizeof(hmac));
	sodium_memzero(&hmac, sizeof(hmac));
}

void secret_hmac_prepared(unsigned char out[SECRET_SHA256_LEN], const struct secret_hmac_key *key,
			  const struct secret_part *parts, size_t n)
{
	crypto_auth_hmacsha256_state hmac;

	memcpy(&hmac, key->state, sizeof(hmac));
	hmac_finish(out, &hmac, parts, n);
}

void secret_hmac(unsigned char out[SECRET_SHA256_LEN], const unsigned char key[SECRET_KEY_LEN],
		 const struct secret_part *parts, size_t n)
{
	const struct secret_part whole = {.data = key, .len = SECRET_KEY_LEN};

	secret_hmac_keyed(out, &whole, parts, n);
}

void secret_mac(unsigned char out[SECRET_MAC_LEN], const unsigned char key[SECRET_KEY_LEN],
		const struct secret_part *parts, size_t n)
{
	crypto_generichash_state mac;

	crypto_generichash_init(&mac, key, SECRET_KEY_LEN, SECRET_MAC_LEN);
	for (size_t i = 0; i < n; i++)
		crypto_generichash_update(&mac, parts[i].data, parts[i].len);
	crypto_generichash_final(&mac, out, SECRET_MAC_LEN);
	sodium_memzero(&mac, sizeof(mac));
}

bool secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void secret_wipe(void *data, size_t len)
{
	if (len > 0)
		sodium_memzero(data, len);
}

void secret_free(char *text)
{
	if (text == NULL)
		return;
	secret_wipe(text, strlen(text));
	free(text);
}

/* ---- argon2id ---- */

enum status secret_password_hash(const char *password, char out[SECRET_HASH_MAX], struct error *err)
{
	char hash[crypto_pwhash_STRBYTES];

	if (crypto_pwhash_str_alg(hash, password, strlen(password), ARGON2_PASSES,
				  (size_t)ARGON2_MEMORY_KIB * 1024,
				  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return error_set(
		    err, STATUS_INTERNAL,
		    "out of memory: hashing a password takes %d KiB; raise the memory limit",
		    ARGON2_MEMORY_KIB);
	memcpy(out, hash, sizeof(hash));
	return STATUS_OK;
}

/* Reads `text`, then a decimal number up to max without leading zeros. Advances *at. */
static bool read_number(const char **at, const char *text, unsigned long max, unsigned long *out)
{
	const char *p = *at;
	unsigned long number = 0;

	if (strncmp(p, text, strlen(text)) != 0)
		return false;
	p += strlen(text);
	if (*p < '1' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		number = number * 10 + (unsigned long)(*p - '0');
		if (number > max)
			return false;
	}
	*at = p;
	*out = number;
	return true;
}

struct argon2 {
	bool id; /* true for argon2id, false for argon2i */
	unsigned long memory_kib;
	unsigned long passes;
	unsigned long lanes;
	const char *rest; /* "$salt$hash", borrowed */
};

/* Reads "$argon2id$v=19$m=…,t=…,p=…" and checks the limits. */
static bool argon2_string_read(const char *hash, struct argon2 *out)
{
	unsigned long version;

	out->id = strncmp(hash, "$argon2id", 9) == 0;
	bool good = read_number(&hash, out->id ? "$argon2id$v=" : "$argon2i$v=", 19, &version) &&
		    version == 19 &&
		    read_number(&hash, "$m=", ARGON2_MEMORY_MAX_KIB, &out->memory_kib) &&
		    read_number(&hash, ",t=", ARGON2_PASSES_MAX, &out->passes) &&
		    read_number(&hash, ",p=", ARGON2_LANES_MAX, &out->lanes) && *hash == '$' &&
		    out->memory_kib * out->passes <= ARGON2_WORK_MAX;
	out->rest = hash;
	return good;
}

/* Reads "$" and base64 of exactly len bytes. Advances *at. */
static bool read_base64(const char **at, unsigned char *out, size_t len)
{
	const char *begin = *at + 1;
	size_t got = 0;

	return **at == '$' &&
	       sodium_base642bin(out, len, begin, strcspn(begin, "$"), NULL, &got, at,
				 sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
	       got == len;
}

/*
 * Verifies a hash in the form that we, PHP and most other programs write, and sets *out.
 * libsodium's own verification is not used, because it reports a lack of memory as a wrong
 * password. Returns false if the hash has another form.
 */
static bool argon2_verify_usual(const struct argon2 *argon2, const char *password, enum status *out)
{
	unsigned char salt[crypto_pwhash_SALTBYTES];
	unsigned char expected[ARGON2_HASH_LEN];
	unsigned char computed[ARGON2_HASH_LEN];
	const char *at = argon2->rest;
	int kind = argon2->id ? crypto_pwhash_ALG_ARGON2ID13 : crypto_pwhash_ALG_ARGON2I13;

	if (argon2->lanes != 1 || (!argon2->id && argon2->passes < ARGON2I_PASSES_MIN) ||
	    argon2->memory_kib * 1024 < crypto_pwhash_MEMLIMIT_MIN ||
	    !read_base64(&at, salt, sizeof(salt)) ||
	    !read_base64(&at, expected, sizeof(expected)) || *at != '\0')
		return false;
	if (crypto_pwhash(computed, sizeof(computed), password, strlen(password), salt,
			  argon2->passes, argon2->memory_kib * 1024, kind) != 0)
		*out = STATUS_INTERNAL; /* out of memory, because everything else was checked */
	else
		*out = sodium_memcmp(computed, expected, sizeof(computed)) == 0
			   ? STATUS_OK
			   : STATUS_BAD_CREDENTIALS;
	sodium_memzero(computed, sizeof(computed));
	return true;
}

bool secret_password_hash_check(const char *hash)
{
	struct argon2 argon2;

	return strnlen(hash, crypto_pwhash_STRBYTES) < crypto_pwhash_STRBYTES &&
	       argon2_string_read(hash, &argon2);
}

bool secret_password_hash_is_weaker(const char *hash)
{
	struct argon2 argon2;

	return !argon2_string_read(hash, &argon2) || !argon2.id || argon2.passes < ARGON2_PASSES ||
	       argon2.memory_kib < ARGON2_MEMORY_KIB;
}

enum status secret_password_verify(const char *hash, const char *password)
{
	char padded[crypto_pwhash_STRBYTES] = {0}; /* libsodium reads the whole buffer */
	struct argon2 argon2;
	enum status status;

	if (!secret_password_hash_check(hash) || !argon2_string_read(hash, &argon2))
		return STATUS_BAD_CREDENTIALS;
	if (argon2_verify_usual(&argon2, password, &status))
		return status;
	memcpy(padded, hash, strlen(hash));
	errno = 0;
	if (crypto_pwhash_str_verify(padded, password, strlen(password)) == 0)
		return STATUS_OK;
	return errno == ENOMEM ? STATUS_INTERNAL : STATUS_BAD_CREDENTIALS;
}
