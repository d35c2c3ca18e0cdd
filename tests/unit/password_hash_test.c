/*
 * password/hash: every format by vectors that others made, and everything that must be
 * refused before a single digest is computed: reading a hash takes no password, so it can compute
 * none.
 */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/blocking.h"
#include "base/crypto.h"
#include "counted_memory.h"
#include "base/secret.h"
#include "password/password.h"
#include "password/hash.h"

#define HORSE    "correct horse"
#define SALT22   "abcdefghijklmnopqrstu."
#define DIGEST43 "uaGeRFwc53EVmeDt8UH07UWepJIIhoy2F7ac4m.ntnC"
#define DIGEST86                                                                                   \
	"4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA4NOfU8BmqFPrpGqwA1"
#define BCRYPT_REST "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define ARGON2_REST "ZkF2Y0xVUWdsMkt0VGRvdw$mzI3Xu8WYk8UNtXhuxuUb55fpPH0knXto/dxsQy2Dks"
#define DJANGO_REST "abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo="
#define WIKI_SALT   "MDEyMzQ1Njc4OWFiY2RlZg=="
#define WIKI_REST                                                                                  \
	WIKI_SALT ":OM0FAoIqCVK1sWtxDiffVlBejtLa+"                                                 \
		  "ks4TP71JiecwuSZCG8iLbnlIEPOMoVX+i2B2wkSxjQ8CRGR9OkNGuIPMQ=="
#define WIKI_128                                                                                   \
	WIKI_SALT                                                                                  \
	":cBg8D2DungRB9k76szThf5ehfyBz991ay6PT8Srwk4NQEC0GVAwWLSUGWbcye1xU+"                       \
	"dO7fZFld1DsscNlAN1ux3RvciwM7gPEv/43KTWVfFCKbwTr04iQrqYrBD3nQYa8EtPGJCLCw3FIgSZV"          \
	"KFrlXhAbyrd7+Am4sVFWGUGA8ZI="
#define X10  "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

/* ---- OpenSSL without memory ---- */

static void *no_memory(size_t size, const char *file, int line)
{
	(void)size, (void)file, (void)line;
	return NULL;
}

static void *no_more_memory(void *old, size_t size, const char *file, int line)
{
	(void)old, (void)size, (void)file, (void)line;
	return NULL;
}

static void give_back(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

static int start_openssl_without_memory(void)
{
	const struct secret_part part = {"a", 1};
	unsigned char made[64];
	struct digest *digest = NULL;

	if (CRYPTO_set_mem_functions(no_memory, no_more_memory, give_back) != 1)
		return 1; /* it has started before: this must be the first test */
	if (digest_new(DIGEST_MD5, &digest, NULL) != STATUS_INTERNAL || digest != NULL)
		return 2;
	return digest_hmac(DIGEST_SHA256, &part, &part, made) ? 3 : 0;
}

/* In a process of its own, because OpenSSL starts only once in a process. */
TEST(test_openssl_gets_no_memory_when_it_starts)
{
	int how = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(start_openssl_without_memory());
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_int_equal(how, 0);
}

/* ---- what matches ---- */

struct vector {
	const char *hash;
	const char *password;
	bool weak_only; /* taken with allow_weak_hashes = on alone */
};

static const struct vector vectors[] = {
  /* published ones */
    {"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",					    "test12345",      false},
    {"$wp$2y$10$607XKVrBjPEqujeOXNwbYuOJ.gPMd2TelMMknmeV70Kap1E81Ovo6",               "hashpwn",        false},
    {"$H$984478476IagS59wHZvyQMArzfx58u.",					    "hashcat",        false},
    {"$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf",                       "hashcat",        false},
    {"$2a$05$LhayLxezLhK1LhWvKxCyLOj0j1u.Kj0jZ0pEmm134uzrQlFvQJLF6",                  "hashcat",        false},
    {"$6$52450745$k5ka2p8bFuSmoVT1tzOyyuaREkkKBcCNqoDKzYiJL9RaE8yMnPgh2XzzF0NDrUhgrcLwg78xs1w5pJi"
     "ypEdFX/",								  "hashcat",        false},
    {"pbkdf2_sha256$20000$H0dPx8NeajVu$GiC4k5kqbbR9qWBlsRgDywNqC2vd9kqfk7zdorEnNas=", "hashcat",
     false												   },
    {"$apr1$71850310$gh9m4xcAn3MGxogwX/ztb.",                                         "hashcat",        true },
    {":B:56668501:0ce106caa70af57fd525aeaf80ef2898",                                  "hashcat",        false},
 /* PHP's password_hash() */
    {"$2y$04$8pNURCdSOsEorOKfG1iz2.kqbnrnTd7bYsWeg6WVBp80QveywnQAS",                  HORSE,            false},
    {"$argon2id$v=19$m=64,t=2,p=1$" ARGON2_REST,                                      HORSE,            false},
    {"$argon2i$v=19$m=64,t=3,p=1$WkE0RjJ5ZUovRzNxY3hXSQ$"
     "uyfzpSzKs+3XCzUvPNXB+g6SIMwZiQaGuQNiNQe+hE4",			      HORSE,	    false},
    {"$wp$2y$04$Q4dlzrqjY7vnihT6O5SDT.b8IUqw8HSvIgNKZD9u.F7m0wME8vlJm",               HORSE,            false},
 /* WordPress takes blanks off both ends, always */
    {"$wp$2y$04$Q4dlzrqjY7vnihT6O5SDT.b8IUqw8HSvIgNKZD9u.F7m0wME8vlJm",               " " HORSE "\t\n", false},
 /* WordPress hashes what a form sends with a slash before each quote and backslash */
    {"$P$7K5O54M5jFwdFbqC83D84insVIrapA.",					    "it's \"a\\b\"",  false},
    {"$wp$2y$04$SmJBWefZrPNX9V3HBdBJtOMYP9Ty9CNqh2CpEuemdPiawZ/Kc63Ty",               "it's \"a\\b\"",  false},
    {"$P$7FQwTtmWJC7Yw0yrI5.MGX6O.skXPn.",					    "it's \"a\\b\"",  false},
 /* as others wrap them */
    {"3|$argon2id$v=19$m=64,t=2,p=1$" ARGON2_REST,                                    HORSE,            false},
    {"2|$argon2i$v=19$m=64,t=3,p=1$WkE0RjJ5ZUovRzNxY3hXSQ$"
     "uyfzpSzKs+3XCzUvPNXB+g6SIMwZiQaGuQNiNQe+hE4",			      HORSE,	    false},
    {"1|$2y$04$8pNURCdSOsEorOKfG1iz2.kqbnrnTd7bYsWeg6WVBp80QveywnQAS",                HORSE,            false},
    {"argon2$argon2id$v=19$m=64,t=2,p=1$" ARGON2_REST,                                HORSE,            false},
 /* Python's crypt and hashlib */
    {"$y$j7T$" SALT22 "$" DIGEST43,						   HORSE,            false},
    {"$gy$j7T$" SALT22 "$zyJD45C8tTbfszeJulGi192KdPjHP/RzNjiOMLxXpYD",                HORSE,            false},
    {"$7$7/..../....abcdefgh$99kYlhRaSfthQkh/oAVR811rUm9uKyaNs3SKKFZMhE1",            HORSE,            false},
    {"$7$C6..../....abcdefgh$XSojI2Rh.0514DaK7NxrGbszjqivd.EPuCE3DTBDsL4",            HORSE,            false},
    {"$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",           HORSE,            false},
    {"$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",                       HORSE,            false},
    {"$6$rounds=1000$saltsalt$" DIGEST86,					     HORSE,            false},
    {"$2a$04$" BCRYPT_REST,							   HORSE,            false},
    {"$2b$04$" BCRYPT_REST,							   HORSE,            false},
    {"$2y$04$" BCRYPT_REST,							   HORSE,            false},
    {"pbkdf2_sha256$1000$" DJANGO_REST,					       HORSE,            false},
    {":pbkdf2:sha512:1000:64:" WIKI_REST,					     HORSE,            false},
    {":pbkdf2:sha256:1000:128:" WIKI_128,					     HORSE,            false},
    {":B:1234abcd:faa20430ea4830572cfaca74f008a057",                                  HORSE,            false},
    {"$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1",					    HORSE,            false},
    {"$H$6saltSALTAs5vyIGgKGLVR93xw3sDd0",					    HORSE,            false},
    {"$S$5saltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF",                       HORSE,            false},
    {"U$S$5saltSALTsb2gsj6IGeO39oLXQcO.cm0vC6Libj5NPJspSGSN7qT",                      HORSE,            false},
    {"U$P$5saltSALT/H3xMgzdCS3qleeiDloRj/",                                           HORSE,            false},
    {"{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",					     HORSE,            true },
    {"{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",                                        HORSE,            true },
    {"{SSHA256}YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2tzYWx0c2FsdA==",             HORSE,            true },
 /* sql/sites/smf and mybb, with what PHP makes of it */
    {"{SMF}alice$2y$04$Pg89BL6oiWIj5cGlGRBU6OicN.HsSNOPuaZeLwDZG5ArCvXU6gEt.",        HORSE,            false},
    {"{MyBB}Ab3dE5gH$608ca2bc97bd7eafd80f8e7cb5679827",                               HORSE,            true },
    {":argon2:$argon2id$v=19$m=64,t=2,p=1$" ARGON2_REST,                              HORSE,            false},
 /* openssl passwd */
    {"$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG/",                                         HORSE,            true },
    {"$apr1$s$e2aCb9PLCjZ2t55SoAxXn.",						"",               true },
};

#define N_VECTORS (COUNT(vectors))

static enum status verify(const char *hash, const char *password)
{
	struct password_hash read;
	enum status status = password_hash_read(hash, true, &read, NULL);

	return status == STATUS_OK ? password_hash_verify(&read, password) : status;
}

GROUP(unit_secrets, NULL)

TEST(test_vectors)
{
	struct error err;

	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct password_hash read;
		if (password_hash_read(v->hash, true, &read, &err) != STATUS_OK)
			fail_msg("%s: %s", v->hash, err.text);
		if (password_hash_verify(&read, v->password) != STATUS_OK)
			fail_msg("%s is not \"%s\"", v->hash, v->password);
		assert_int_equal(password_hash_read(v->hash, false, &read, NULL),
				 v->weak_only ? STATUS_BAD_CREDENTIALS : STATUS_OK);
	}
}

/* Those that take little time. */
static bool is_quick(const char *hash)
{
	static const char *const beginnings[] = {":B:",    ":pbkdf2:",    "pbkdf2_sha256$1000$",
						 "$P$5",   "$apr1$",      "{S",
						 "{MyBB}", "3|$argon2id$"};

	for (size_t i = 0; i < COUNT(beginnings); i++)
		if (strncmp(hash, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* The rounds of PBKDF2 take memory thousands of times. */
#define FAILING_MAX 60

/* Verifies while each allocation fails in turn, and then without a failure. */
static void verify_without_memory(const struct vector *v)
{
	struct password_hash read;
	size_t failing = 0;
	enum status status;

	assert_ok(password_hash_read(v->hash, true, &read, ERR));
	do {
		counted_start(++failing);
		status = password_hash_verify(&read, v->password);
		counted_stop();
		if (status != STATUS_OK && (status != STATUS_INTERNAL || counted.calls < failing))
			fail_msg("%s, call %zu: %s", v->hash, failing, status_name(status));
	} while (counted.calls >= failing && failing < FAILING_MAX);
	assert_ok(password_hash_verify(&read, v->password));
}

/* A lack of memory is not a wrong password. */
TEST(test_out_of_memory)
{
	for (size_t i = 0; i < N_VECTORS; i++)
		if (is_quick(vectors[i].hash))
			verify_without_memory(&vectors[i]);
}

TEST(test_another_password)
{
	static const char *const others[] = {
	    "", "x", HORSE "x", "correct hors", "test", "CORRECT HORSE"};

	for (size_t i = 0; i < N_VECTORS; i++) {
		for (size_t j = 0; j < COUNT(others); j++) {
			if (strcmp(others[j], vectors[i].password) == 0)
				continue;
			if (verify(vectors[i].hash, others[j]) != STATUS_BAD_CREDENTIALS)
				fail_msg("%s: \"%s\"", vectors[i].hash, others[j]);
		}
	}
}

/* One letter of the digest replaced; one taken away; one added. */
TEST(test_another_digest)
{
	char changed[PASSWORD_HASH_MAX + 8];

	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		size_t len = strlen(v->hash);
		size_t at = len - 6;

		assert_true(snprintf(changed, sizeof(changed), "%s", v->hash) > 0);
		changed[at] = changed[at] == '1' ? '2' : '1';
		if (verify(changed, v->password) == STATUS_OK)
			fail_msg("%s", changed);
		snprintf(changed, sizeof(changed), "%.*s", (int)len - 1, v->hash);
		if (verify(changed, v->password) == STATUS_OK)
			fail_msg("%s", changed);
		snprintf(changed, sizeof(changed), "%s/", v->hash);
		if (verify(changed, v->password) == STATUS_OK)
			fail_msg("%s", changed);
	}
}

/* ---- what is refused ---- */

static const char *const refused[] = {
    /* no password */
    "",
    " ",
    "*",
    "!",
    "!!",
    "x",
    "*0",
    "*1",
    "!$6$saltsalt$" DIGEST86,
    "$6$",
    "NULL",
    "password",
    HORSE,
    /* formats that are not taken: DES, BSDi, MD5, NT, SHA-1, Sun, bare digests, vBulletin, SMF */
    "abhfCpXqd4GrI",
    "_J9..saltGomPeRUt8OA",
    "$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
    "$3$$cfc43211ba8dc470832267827cac1407",
    "$sha1$40000$salt$SC/vLNkAByn.1mw7L6UxEUdvgfba",
    "$md5$rounds=904$saltsalt$saltsaltsaltsaltsalts.",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "d41d8cd98f00b204e9800998ecf8427e:abc",
    "sha1$salt$da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "md5$salt$d41d8cd98f00b204e9800998ecf8427e",
    "pbkdf2_sha1$1000$" DJANGO_REST,
    "bcrypt_sha256$$2b$12$" BCRYPT_REST,
    ":A:d41d8cd98f00b204e9800998ecf8427e",
    "{MD5}1B2M2Y8AsgTpgAmY7PhCfg==",
    "{CRYPT}abhfCpXqd4GrI",
    "{sha}L55TUjtiq8FBorTWAZ0jy6g129A=",
    "{SSHA512}" DIGEST86 "==",
    "$2x$04$" BCRYPT_REST,
    "$2$04$" BCRYPT_REST,
    "$argon2d$v=19$m=64,t=2,p=1$" ARGON2_REST,
    "$scrypt$ln=14,r=8,p=1$c2FsdA$" DIGEST43,
    "$Y$j7T$" SALT22 "$" DIGEST43,
    "$p$5saltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "U$H$5saltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "U$2y$04$" BCRYPT_REST,
    "4|$argon2id$v=19$m=64,t=2,p=1$" ARGON2_REST,
    " $2y$04$" BCRYPT_REST,
    /* beyond the bounds */
    "$2y$14$" BCRYPT_REST,
    "$2y$31$" BCRYPT_REST,
    "$2a$99$" BCRYPT_REST,
    "1|$2y$14$" BCRYPT_REST,
    "$wp$2y$14$" BCRYPT_REST,
    "$6$rounds=500001$saltsalt$" DIGEST86,
    "$6$rounds=999999999$saltsalt$" DIGEST86,
    "$6$rounds=99999999999999999999$saltsalt$" DIGEST86,
    "$5$rounds=500001$saltsalt$" DIGEST43,
    "$argon2id$v=19$m=131073,t=1,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=64,t=11,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=64,t=2,p=9$" ARGON2_REST,
    "$argon2id$v=19$m=131072,t=5,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=4294967295,t=4294967295,p=1$" ARGON2_REST,
    "$argon2i$v=19$m=131072,t=5,p=1$" ARGON2_REST,
    "3|$argon2id$v=19$m=131073,t=1,p=1$" ARGON2_REST,
    "$y$jET$" SALT22 "$" DIGEST43,
    "$y$jzT$" SALT22 "$" DIGEST43,
    "$y$j7U$" SALT22 "$" DIGEST43,
    "$y$j7z$" SALT22 "$" DIGEST43,
    "$y$j6T$" SALT22 "$" DIGEST43,
    "$y$k7T$" SALT22 "$" DIGEST43,
    "$y$j7T.1$" SALT22 "$" DIGEST43,
    "$gy$jET$" SALT22 "$" DIGEST43,
    "$7$G6..../....abcdefgh$" DIGEST43,
    "$7$zzzzzzzzzzzabcdefgh$" DIGEST43,
    "$7$CU..../0...abcdefgh$" DIGEST43,
    "$7$FU..../....abcdefgh$" DIGEST43,
    "$P$GsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "$P$SsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "$H$GsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "U$P$GsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "$S$IsaltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF",
    "U$S$IsaltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF",
    "pbkdf2_sha256$1500001$" DJANGO_REST,
    "pbkdf2_sha256$99999999999999999999$" DJANGO_REST,
    ":pbkdf2:sha512:500001:64:" WIKI_REST,
    ":pbkdf2:sha256:125001:128:" WIKI_128,
    /* malformed */
    "$2y$4$" BCRYPT_REST,
    "$2y$03$" BCRYPT_REST,
    "$2y$0a$" BCRYPT_REST,
    "$2y$-4$" BCRYPT_REST,
    "$2y$04$" BCRYPT_REST "x",
    "$2y$04$",
    "$2y$04",
    "$2y$",
    "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6:",
    "$wp$2y$04$",
    "$wp$2a$04$" BCRYPT_REST,
    "$6$rounds=0$saltsalt$" DIGEST86,
    "$6$rounds=999$saltsalt$" DIGEST86,
    "$6$rounds=01000$saltsalt$" DIGEST86,
    "$6$rounds=-1$saltsalt$" DIGEST86,
    "$6$rounds=+1000$saltsalt$" DIGEST86,
    "$6$rounds=1000 $saltsalt$" DIGEST86,
    "$6$rounds=$saltsalt$" DIGEST86,
    "$6$saltsalt",
    "$6$saltsalt$",
    "$6$saltsalt$" DIGEST43,
    "$5$saltsalt$" DIGEST86,
    "$6$saltsaltsaltsalt1$" DIGEST86,
    "$6$$" DIGEST86,
    "$6$salt:alt$" DIGEST86,
    "$argon2id$",
    "$argon2id$v=16$m=64,t=2,p=1$" ARGON2_REST,
    "$argon2id$m=64,t=2,p=1$" ARGON2_REST,
    "$argon2id$v=19$t=2,m=64,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=064,t=2,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=64,t=0,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=-64,t=2,p=1$" ARGON2_REST,
    "$argon2id$v=19$m=64,t=2,p=1" ARGON2_REST,
    "$y$",
    "$y$j7T",
    "$y$j7T$",
    "$y$j7T$" SALT22,
    "$y$j7T$" SALT22 "$",
    "$y$j7T$$" DIGEST43,
    "$7$",
    "$7$7/..../....abcdefgh",
    "$7$7/..../....$" DIGEST43,
    "$7$.6..../....abcdefgh$" DIGEST43,
    "$7$7....../....abcdefgh$",
    "$P$",
    "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy",
    "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy11",
    "$P$4saltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "$P$:saltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "$P$zsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
    "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy:",
    "$S$5saltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQ",
    "$S$4saltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF",
    "U$S$",
    "pbkdf2_sha256$",
    "pbkdf2_sha256$0$" DJANGO_REST,
    "pbkdf2_sha256$01000$" DJANGO_REST,
    "pbkdf2_sha256$1000$$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo=",
    "pbkdf2_sha256$1000$abcDEF123$",
    "pbkdf2_sha256$1000$abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo",
    "pbkdf2_sha256$1000$abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5s:o=",
    "pbkdf2_sha256$1000$" X100 X100 "$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo=",
    ":pbkdf2:",
    ":pbkdf2:md5:1000:16:" WIKI_REST,
    ":pbkdf2:sha512:0:64:" WIKI_REST,
    ":pbkdf2:sha512:1000:8:" WIKI_SALT ":AAAAAAAAAAA=",
    ":pbkdf2:sha512:1000:129:" WIKI_REST,
    ":pbkdf2:sha512:1000:63:" WIKI_SALT ":AAAA",
    ":pbkdf2:sha512:1000:64::OM0F",
    ":B::faa20430ea4830572cfaca74f008a057",
    ":B:1234abcd:FAA20430EA4830572CFACA74F008A057",
    ":B:1234abcd:faa20430ea4830572cfaca74f008a05",
    ":B:1234abcd:faa20430ea4830572cfaca74f008a0577",
    ":B:1234abcd",
    "$apr1$",
    "$apr1$saltsalt$",
    "$apr1$saltsalts$EGVZDNN6gOqijy.tv9axG/",
    "$apr1$$EGVZDNN6gOqijy.tv9axG/",
    "$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG",
    "{SHA}",
    "{SHA}L55TUjtiq8FBorTWAZ0jy6g1",
    "{SHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
    "{SSHA}L55TUjtiq8FBorTWAZ0jyA==",
    "{SSHA256}L55TUjtiq8FBorTWAZ0jy6g129A=",
    /* longer than any */
    "$6$" X100 X100 X100 X100 X100 X100,
    "{SSHA}" X100 X100 X100,
};

#define N_REFUSED (COUNT(refused))

TEST(test_refused)
{
	struct password_hash read;
	struct error err;

	assert_true(N_REFUSED >= 120);
	for (size_t i = 0; i < N_REFUSED; i++) {
		err = (struct error){0};
		if (password_hash_read(refused[i], true, &read, &err) != STATUS_BAD_CREDENTIALS)
			fail_msg("taken: %s", refused[i]);
		if (err.text[0] == '\0')
			fail_msg("no word on %s", refused[i]);
		if (strlen(refused[i]) > 20 && strstr(err.text, refused[i]) != NULL)
			fail_msg("quoted: %s", err.text);
	}
}

TEST(test_beyond_the_bounds_is_said)
{
	static const char *const costly[] = {
	    "$2y$14$" BCRYPT_REST,
	    "$6$rounds=999999999$saltsalt$" DIGEST86,
	    "$argon2id$v=19$m=131072,t=5,p=1$" ARGON2_REST,
	    "$y$jET$" SALT22 "$" DIGEST43,
	    "$7$G6..../....abcdefgh$" DIGEST43,
	    "$P$SsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
	    "$S$IsaltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF",
	    "pbkdf2_sha256$1500001$" DJANGO_REST,
	    ":pbkdf2:sha256:125001:128:" WIKI_128,
	};
	struct password_hash read;

	for (size_t i = 0; i < COUNT(costly); i++) {
		assert_status(password_hash_read(costly[i], true, &read, ERR),
			      STATUS_BAD_CREDENTIALS);
		if (strstr(unit_error.text, "more work") == NULL)
			fail_msg("%s: %s", costly[i], unit_error.text);
	}
}

/* The last that is taken, next to the first that is not (in the table above). */
TEST(test_at_the_bounds)
{
	static const char *const taken[] = {
	    "$2y$13$" BCRYPT_REST,
	    "$6$rounds=500000$saltsalt$" DIGEST86,
	    "$6$saltsaltsaltsalt$" DIGEST86,
	    "$argon2id$v=19$m=131072,t=4,p=1$" ARGON2_REST,
	    "$argon2id$v=19$m=52428,t=10,p=8$" ARGON2_REST,
	    "$y$jDT$" SALT22 "$" DIGEST43,
	    "$7$F6..../....abcdefgh$" DIGEST43,
	    "$7$DU..../....abcdefgh$" DIGEST43,
	    "$P$FsaltSALTrM6DFGRD1EFzp.dxoRhvy1",
	    "$S$HsaltSALTmorJjLv6lgxYtQSOTxvPIz9lrDHYiPNTrO4dH6m0fQF",
	    "pbkdf2_sha256$1500000$" DJANGO_REST,
	    ":pbkdf2:sha512:500000:64:" WIKI_REST,
	    ":pbkdf2:sha256:125000:128:" WIKI_128,
	};
	struct password_hash read;
	struct error err;

	for (size_t i = 0; i < COUNT(taken); i++)
		if (password_hash_read(taken[i], false, &read, &err) != STATUS_OK)
			fail_msg("%s: %s", taken[i], err.text);
}

/* ---- long passwords, through the queue ---- */

static enum status check_long(const char *hash, size_t len)
{
	char password[PASSWORD_MAX + 2];
	struct password_claim claim = {.hash = hash, .password = password, .allow_weak = true};

	assert_true(len < sizeof(password));
	memset(password, 'p', len);
	password[len] = '\0';
	return password_claim_verify(&claim, NULL);
}

/* Made by Python's crypt for 511 and 72 times "p"; libcrypt takes no more than 511 bytes. */
TEST(test_long_passwords)
{
	static const char sha[] =
	    "$5$rounds=1000$saltsalt$i7RZxApJAQgQ87YNpvZFsejv0IyEjTRCgsYAT8sEIG7";
	static const char bcrypt[] = "$2b$04$abcdefghijklmnopqrstuuNt.0ah97gHY3F7JC1Z6EXmQc0bQBhIO";
	char own[SECRET_HASH_MAX];
	char password[PASSWORD_MAX + 1];

	assert_ok(check_long(sha, 511));
	assert_status(check_long(sha, 510), STATUS_BAD_CREDENTIALS);
	assert_status(check_long(sha, 512), STATUS_BAD_CREDENTIALS);
	assert_status(check_long(sha, 1024), STATUS_BAD_CREDENTIALS);
	/* bcrypt looks at 72 bytes, everywhere: PHP's sites count on it */
	assert_status(check_long(bcrypt, 71), STATUS_BAD_CREDENTIALS);
	assert_ok(check_long(bcrypt, 72));
	assert_ok(check_long(bcrypt, 511));
	assert_status(check_long(bcrypt, 512), STATUS_BAD_CREDENTIALS);
	memset(password, 'p', PASSWORD_MAX);
	password[PASSWORD_MAX] = '\0';
	assert_ok(secret_password_hash(password, own, ERR));
	assert_ok(check_long(own, PASSWORD_MAX));
	assert_status(check_long(own, PASSWORD_MAX + 1), STATUS_BAD_CREDENTIALS);
	assert_status(check_long(own, PASSWORD_MAX - 1), STATUS_BAD_CREDENTIALS);
}

/* Nothing, or a dummy's own password, matches where there is no hash. */
TEST(test_no_hash_never_matches)
{
	static const char *const none[] = {NULL,     "", "*", "!", "x", "*0", "$2y$31$" BCRYPT_REST,
					   "rubbish"};

	for (size_t i = 0; i < COUNT(none); i++) {
		struct password_claim claim = {.hash = none[i], .password = ""};
		assert_status(password_claim_verify(&claim, NULL), STATUS_BAD_CREDENTIALS);
		claim.password = HORSE;
		assert_status(password_claim_verify(&claim, NULL), STATUS_BAD_CREDENTIALS);
		if (none[i] == NULL)
			continue;
		claim.password = none[i];
		assert_status(password_claim_verify(&claim, NULL), STATUS_BAD_CREDENTIALS);
	}
}

/*
 * An unknown user's password is tried on the last hash of the site: it may match, and still be
 * none.
 */
TEST(test_unknown_user_with_another_users_password)
{
	struct password_claim known = {.hash = vectors[9].hash, .password = HORSE, .site = "a"};
	struct password_claim unknown = {.hash = NULL, .password = HORSE, .site = "a"};

	assert_ok(password_claim_verify(&known, ERR));
	assert_status(password_claim_verify(&unknown, NULL), STATUS_BAD_CREDENTIALS);
	unknown.hash = "*0";
	assert_status(password_claim_verify(&unknown, NULL), STATUS_BAD_CREDENTIALS);
}

/* Returns how long this thread works for an unknown user of the site, in microseconds. */
static long work_us(const char *site)
{
	const struct password_claim unknown = {.password = HORSE, .site = site};
	struct timespec before, after;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_status(password_claim_verify(&unknown, NULL), STATUS_BAD_CREDENTIALS);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	return (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
}

/* The usual work is more than a tenth of our own, whatever hashes other sites have. */
TEST(test_unknown_user_beside_sites_with_weak_hashes)
{
	struct password_claim weak = {
	    .hash = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", .password = HORSE, .allow_weak = true};
	long own_us = work_us(NULL);
	char name[16];

	weak.site = "one that will not be weak";
	assert_ok(password_claim_verify(&weak, ERR));
	assert_true(work_us(weak.site) > own_us / 10);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "weak%d", i);
		weak.site = name;
		assert_ok(password_claim_verify(&weak, ERR));
	}
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "strong%d", i);
		long us = work_us(name);
		if (us < own_us / 10)
			fail_msg("%s: %ld us of work, %ld us is usual", name, us, own_us);
	}
}

TEST(test_weaker_than_ours)
{
	char own[SECRET_HASH_MAX];

	assert_ok(secret_password_hash(HORSE, own, ERR));
	assert_false(secret_password_hash_is_weaker(own));
	assert_false(secret_password_hash_is_weaker("$argon2id$v=19$m=65536,t=4,p=1$" ARGON2_REST));
	assert_true(secret_password_hash_is_weaker("$argon2id$v=19$m=19455,t=2,p=1$" ARGON2_REST));
	assert_true(secret_password_hash_is_weaker("$argon2id$v=19$m=65536,t=1,p=1$" ARGON2_REST));
	assert_true(secret_password_hash_is_weaker("$argon2i$v=19$m=65536,t=4,p=1$" ARGON2_REST));
	assert_true(secret_password_hash_is_weaker("$2y$13$" BCRYPT_REST));
	assert_true(secret_password_hash_is_weaker(""));
}

/* ---- the queue ---- */

#define HASHERS_MAX 256

static atomic_bool hashing;
static char slow_hash[SECRET_HASH_MAX];

static void *keep_hashing(void *arg)
{
	struct error err;

	while (atomic_load(&hashing))
		password_verify(slow_hash, "wrong", &err);
	return arg;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* As many threads as there are processors take all permits, so a further check has to wait. */
TEST(a_full_process_is_told_from_a_full_queue)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	long n = processors < HASHERS_MAX ? processors : HASHERS_MAX;
	pthread_t threads[HASHERS_MAX];
	struct blocking_waiter waiter = {.begin = never, .visitor = -1};
	struct error err;
	enum status status = STATUS_OK;

	assert_ok(secret_password_hash(HORSE, slow_hash, ERR));
	atomic_store(&hashing, true);
	for (long i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_hashing, NULL), 0);
	blocking_waiter_set(&waiter);
	while (status != STATUS_BUSY) /* the threads may not have begun yet */
		status = password_verify(slow_hash, HORSE, &err);
	blocking_waiter_set(NULL);
	atomic_store(&hashing, false);
	for (long i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	assert_holds(err.text, "waiting_max");
}
