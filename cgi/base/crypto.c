/*
 * The wrapper of libcrypto: digests and signatures with its EVP functions. The error texts are
 * written here; OpenSSL's error queue is not shown.
 */
#include "base/crypto.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#define P256_HALF 32 /* bytes of r, and of s */

_Static_assert(DIGEST_LEN_MAX >= EVP_MAX_MD_SIZE, "every digest must fit");

/*
 * OpenSSL initializes itself at its first use. Returns false if OpenSSL had no memory for its
 * initialization. Another call into OpenSSL would then crash the process.
 */
static bool openssl_works(void)
{
	return OSSL_LIB_CTX_get0_global_default() != NULL;
}

/* ---- digests ---- */

struct digest {
	EVP_MD *md;
	EVP_MD_CTX *context;
};

static const struct {
	const char *name;
	size_t len;
} digests[] = {
    [DIGEST_MD5] = {"MD5",    16},
      [DIGEST_SHA1] = {"SHA1",   20},
    [DIGEST_SHA256] = {"SHA256", 32},
      [DIGEST_SHA384] = {"SHA384", 48},
    [DIGEST_SHA512] = {"SHA512", 64},
};

size_t digest_len(enum digest_kind kind)
{
	return digests[kind].len;
}

enum status digest_new(enum digest_kind kind, struct digest **out, struct error *err)
{
	struct digest *digest = openssl_works() ? calloc(1, sizeof(*digest)) : NULL;

	if (digest == NULL)
		return error_no_memory(err);
	/* Fetch the algorithm once, because an implicit fetch takes longer than a round of MD5. */
	digest->md = EVP_MD_fetch(NULL, digests[kind].name, NULL);
	digest->context = EVP_MD_CTX_new();
	if (digest->md == NULL || digest->context == NULL) {
		ERR_clear_error();
		digest_free(digest);
		return error_set(err, STATUS_INTERNAL, "this machine's OpenSSL has no %s",
				 digests[kind].name);
	}
	*out = digest;
	return STATUS_OK;
}

void digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	EVP_MD_free(digest->md);
	free(digest);
}

bool digest_run(struct digest *digest, const struct secret_part *parts, size_t n,
		unsigned char *out)
{
	bool ok = EVP_DigestInit_ex2(digest->context, digest->md, NULL) == 1;

	for (size_t i = 0; i < n && ok; i++)
		ok = EVP_DigestUpdate(digest->context, parts[i].data, parts[i].len) == 1;
	return ok && EVP_DigestFinal_ex(digest->context, out, NULL) == 1;
}

/* Returns static data of the library, which must not be freed. */
static const EVP_MD *builtin(enum digest_kind kind)
{
	static const EVP_MD *(*const makers[])(void) = {
	    [DIGEST_MD5] = EVP_md5,       [DIGEST_SHA1] = EVP_sha1,
	    [DIGEST_SHA256] = EVP_sha256, [DIGEST_SHA384] = EVP_sha384,
	    [DIGEST_SHA512] = EVP_sha512,
	};

	return makers[kind]();
}

bool digest_hmac(enum digest_kind kind, const struct secret_part *key,
		 const struct secret_part *text, unsigned char *out)
{
	if (key->len > INT_MAX || !openssl_works())
		return false;
	return HMAC(builtin(kind), key->data, (int)key->len, text->data, text->len, out, NULL) !=
	       NULL;
}

bool digest_pbkdf2(const struct pbkdf2 *what, unsigned char *out)
{
	if (what->rounds > INT_MAX || what->salt.len > INT_MAX || what->len > INT_MAX ||
	    !openssl_works())
		return false;
	return PKCS5_PBKDF2_HMAC(what->password, (int)strlen(what->password), what->salt.data,
				 (int)what->salt.len, (int)what->rounds, builtin(what->kind),
				 (int)what->len, out) == 1;
}

/* ---- signatures ---- */

struct public_key {
	EVP_PKEY *pkey;
	enum public_key_kind kind;
};

static bool is_p256(const EVP_PKEY *pkey)
{
	char group[64];
	size_t len = 0;

	return EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
	       strcmp(group, SN_X9_62_prime256v1) == 0;
}

static enum status check_key(const EVP_PKEY *pkey, enum public_key_kind *out, struct error *err)
{
	int type = EVP_PKEY_get_base_id(pkey);
	int bits = EVP_PKEY_get_bits(pkey);

	if (type == EVP_PKEY_RSA && bits >= PUBLIC_KEY_RSA_BITS_MIN &&
	    bits <= PUBLIC_KEY_RSA_BITS_MAX) {
		*out = PUBLIC_KEY_RSA;
		return STATUS_OK;
	}
	if (type == EVP_PKEY_EC && is_p256(pkey)) {
		*out = PUBLIC_KEY_P256;
		return STATUS_OK;
	}
	return error_set(err, STATUS_BAD_REQUEST,
			 "the key must be RSA with %d to %d bits, or EC on the curve P-256",
			 PUBLIC_KEY_RSA_BITS_MIN, PUBLIC_KEY_RSA_BITS_MAX);
}

/*
 * True for "-----BEGIN RSA PRIVATE KEY-----" and similar. A site's private key must not be on this
 * machine, because anyone who reads the key could sign tokens.
 */
static bool holds_private_key(const char *pem, size_t len)
{
	return memmem(pem, len, "PRIVATE KEY", strlen("PRIVATE KEY")) != NULL;
}

enum status public_key_parse(const char *pem, size_t len, struct public_key **out,
			     struct error *err)
{
	struct public_key *key = openssl_works() ? calloc(1, sizeof(*key)) : NULL;
	BIO *bio = key != NULL && len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	enum status status = STATUS_BAD_REQUEST;

	if (key == NULL || bio == NULL) {
		status = error_no_memory(err);
		goto out;
	}
	if (holds_private_key(pem, len)) {
		error_set(err, status,
			  "contains a private key, which only the site should have; put the public "
			  "key into this file (openssl pkey -in KEY -pubout)");
		goto out;
	}
	key->pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (key->pkey == NULL)
		error_set(err, status, "does not contain \"-----BEGIN PUBLIC KEY-----\"");
	else
		status = check_key(key->pkey, &key->kind, err);
out:
	ERR_clear_error();
	BIO_free(bio);
	if (status == STATUS_OK)
		*out = key;
	else
		public_key_free(key);
	return status;
}

void public_key_free(struct public_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

enum public_key_kind public_key_kind(const struct public_key *key)
{
	return key->kind;
}

static bool verify_der(const struct public_key *key, const struct secret_part *text,
		       const struct secret_part *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds =
	    context != NULL &&
	    EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(context, signature->data, signature->len, text->data, text->len) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return holds;
}

/* The signature is r and s of 32 bytes each (RFC 7518, 3.4), but libcrypto needs both in DER. */
static bool verify_p256(const struct public_key *key, const struct secret_part *text,
			const struct secret_part *signature)
{
	const unsigned char *bytes = signature->data;
	unsigned char *der = NULL;
	bool holds = false;

	if (signature->len != 2 * (size_t)P256_HALF)
		return false;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, P256_HALF, NULL);
	BIGNUM *s = BN_bin2bn(bytes + P256_HALF, P256_HALF, NULL);
	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = NULL; /* `pair` owns it now */
		s = NULL;
		int len = i2d_ECDSA_SIG(pair, &der);
		const struct secret_part in_der = {der, len > 0 ? (size_t)len : 0};
		holds = len > 0 && verify_der(key, text, &in_der);
	}
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return holds;
}

bool public_key_verify(const struct public_key *key, const struct secret_part *text,
		       const struct secret_part *signature)
{
	return key->kind == PUBLIC_KEY_RSA ? verify_der(key, text, signature)
					   : verify_p256(key, text, signature);
}
