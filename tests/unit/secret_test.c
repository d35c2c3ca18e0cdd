/*
 * Secrets: published vectors for the digests (FIPS 180-4, RFC 4231, the argon2 reference code),
 * and every reason to refuse a secret's file.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "counted_memory.h"
#include "unit.h"

#include "base/codec.h"
#include "base/secret.h"

static void assert_hex(const unsigned char *data, size_t len, const char *expected)
{
	struct strbuf hex;

	strbuf_init(&hex);
	codec_hex(&hex, data, len);
	assert_string_equal(hex.data, expected);
	strbuf_clear(&hex);
}

GROUP(unit_secrets, NULL)

TEST(test_random)
{
	unsigned char a[32] = {0};
	unsigned char b[32] = {0};

	secret_random(a, sizeof(a));
	secret_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	secret_random(a, 0);
}

TEST(test_random_hex)
{
	static const size_t sizes[] = {0, 1, 8, 31, 32, 33, 64, 100};
	char text[201 + 1];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		memset(text, '#', sizeof(text));
		secret_random_hex(text, sizes[i]);
		assert_int_equal(strlen(text), 2 * sizes[i]);
		assert_int_equal(strspn(text, "0123456789abcdef"), 2 * sizes[i]);
		assert_int_equal(text[2 * sizes[i] + 1], '#'); /* nothing behind the NUL */
	}
}

TEST(test_sha256)
{
	unsigned char out[SECRET_SHA256_LEN];

	secret_sha256(out, "abc", 3);
	assert_hex(out, sizeof(out),
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	secret_sha256(out, "", 0);
	assert_hex(out, sizeof(out),
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, 4.2 and 4.3: HMAC fills shorter keys with zeros, so 32 bytes hold them. */
TEST(test_hmac)
{
	unsigned char key[SECRET_KEY_LEN] = {0};
	unsigned char out[SECRET_SHA256_LEN];
	const struct secret_part one = {"Hi There", 8};
	const struct secret_part parts[] = {
	    {"what do ya ",       11},
            {"",                  0 },
            {"want for nothing?", 17}
        };

	memset(key, 0x0b, 20);
	secret_hmac(out, key, &one, 1);
	assert_hex(out, sizeof(out),
		   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, 0, sizeof(key));
	memcpy(key, "Jefe", 4);
	secret_hmac(out, key, parts, COUNT(parts));
	assert_hex(out, sizeof(out),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* The same MAC as without, however long the text, and as often as one likes. */
TEST(test_hmac_prepared)
{
	unsigned char key[SECRET_KEY_LEN], text[200], expected[SECRET_SHA256_LEN];
	unsigned char out[SECRET_SHA256_LEN];
	struct secret_hmac_key prepared;

	secret_random(key, sizeof(key));
	secret_random(text, sizeof(text));
	secret_hmac_prepare(&prepared, key);
	for (size_t len = 0; len <= sizeof(text); len++) {
		const struct secret_part parts[] = {
		    {text,           len / 3      },
		    {text + len / 3, len - len / 3},
		};

		secret_hmac(expected, key, parts, COUNT(parts));
		secret_hmac_prepared(out, &prepared, parts, COUNT(parts));
		assert_memory_equal(out, expected, sizeof(out));
	}
}

/* Of Python's hashlib.blake2b(text, key=key, digest_size=32). */
TEST(test_mac)
{
	unsigned char key[SECRET_KEY_LEN], text[300], out[SECRET_MAC_LEN];
	const struct secret_part parts[] = {
	    {"what do ya ",       11},
	    {"",		  0 },
	    {"want for nothing?", 17},
	};
	const struct secret_part bytes = {text, sizeof(text)};

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)i;
	secret_mac(out, key, NULL, 0);
	assert_hex(out, sizeof(out),
		   "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
	secret_mac(out, key, parts, COUNT(parts));
	assert_hex(out, sizeof(out),
		   "867b4eb83a8937179199769e276084e4b0e2ac51e485c5456d316eb266fbeb27");
	secret_mac(out, key, &bytes, 1);
	assert_hex(out, sizeof(out),
		   "7e42c40d4ed1328eab4986dcbd53deb451f389334764d719d8049e870d1dfb2d");
	key[31]++;
	secret_mac(text, key, &bytes, 1);
	assert_memory_not_equal(out, text, sizeof(out));
}

TEST(test_equal)
{
	assert_true(secret_equal("abc", "abc", 3));
	assert_false(secret_equal("abc", "abd", 3));
	assert_false(secret_equal("abc", "bbc", 3));
	assert_true(secret_equal("abc", "abd", 2));
	assert_true(secret_equal("a", "b", 0));
}

TEST(test_wipe)
{
	char text[] = "secret";

	secret_wipe(text, 3);
	assert_memory_equal(text, "\0\0\0ret", 7);
	secret_wipe(NULL, 0);
	secret_free(NULL);
	secret_free(strdup("secret"));
}

TEST(test_password)
{
	char first[SECRET_HASH_MAX];
	char second[SECRET_HASH_MAX];

	assert_ok(secret_password_hash("p\xc3\xa4ss word", first, ERR));
	assert_ok(secret_password_hash("p\xc3\xa4ss word", second, ERR));
	assert_holds(first, "$argon2id$v=19$m=19456,t=2,p=1$");
	assert_string_not_equal(first, second); /* salted */
	assert_ok(secret_password_verify(first, "p\xc3\xa4ss word"));
	assert_status(secret_password_verify(first, "p\xc3\xa4ss word "), STATUS_BAD_CREDENTIALS);
	assert_status(secret_password_verify(first, ""), STATUS_BAD_CREDENTIALS);
}

#define SALT   "$c29tZXNhbHQ$"
#define DIGEST "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

/* Without memory nobody has typed a wrong password. */
TEST(test_password_verify_without_memory)
{
	char hash[SECRET_HASH_MAX];
	struct error err = {.status = STATUS_OK};
	size_t failing = 0;
	enum status status = STATUS_INTERNAL;

	assert_ok(secret_password_hash("password", hash, &err));
	while (COUNTED_MEMORY && status != STATUS_OK) {
		counted_start(++failing);
		status = secret_password_verify(hash, "password");
		counted_stop();
		assert_status(status, counted.calls < failing ? STATUS_OK : STATUS_INTERNAL);
	}
}

/* Hashes made by the argon2 reference code for "password". */
TEST(test_password_of_others)
{
	assert_ok(secret_password_verify("$argon2id$v=19$m=256,t=2,p=1" SALT DIGEST, "password"));
	assert_status(
	    secret_password_verify("$argon2id$v=19$m=256,t=2,p=1" SALT DIGEST, "Password"),
	    STATUS_BAD_CREDENTIALS);
	assert_ok(secret_password_verify("$argon2id$v=19$m=256,t=2,p=2" SALT
					 "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
					 "password"));
}

TEST(test_password_refuses)
{
	static const char *const bad[] = {
	    "",
	    "*",
	    "!",
	    "x",
	    "*0",
	    "password",
	    "$argon2id$",
	    "$argon2i$v=19$m=256,t=2,p=1" SALT DIGEST,
	    "$argon2d$v=19$m=256,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=16$m=256,t=2,p=1" SALT DIGEST,
	    "$argon2id$m=256,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=0256,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=+256,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=-256,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=19$t=2,m=256,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=256,t=2" SALT DIGEST,
	    "$argon2id$v=19$m=256,t=2,p=1,x=1" SALT DIGEST,
	    "$argon2id$v=19$m=0,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=256,t=0,p=1" SALT DIGEST,
	    " $argon2id$v=19$m=256,t=2,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=256,t=2,p=1" SALT,
	    "$argon2id$v=19$m=256,t=2,p=1" SALT DIGEST "x",
	    "$argon2id$v=19$m=256,t=2,p=1$$" DIGEST,
	    /* too dear: gigabytes, minutes */
	    "$argon2id$v=19$m=131073,t=1,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=256,t=11,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=256,t=2,p=9" SALT DIGEST,
	    "$argon2id$v=19$m=131072,t=5,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=4294967295,t=4294967295,p=1" SALT DIGEST,
	    "$argon2id$v=19$m=18446744073709551872,t=2,p=1" SALT DIGEST,
	    "$2y$10$abcdefghijklmnopqrstuuKz8o0yGp1sD4mWnZT9yvhV8rN8DqFZa",
	};
	char overlong[2 * SECRET_HASH_MAX];

	for (size_t i = 0; i < COUNT(bad); i++)
		if (secret_password_verify(bad[i], "password") != STATUS_BAD_CREDENTIALS)
			fail_msg("%s", bad[i]);
	memset(overlong, 'A', sizeof(overlong));
	overlong[sizeof(overlong) - 1] = '\0';
	memcpy(overlong, "$argon2id$v=19$m=256,t=2,p=1$", 29);
	assert_status(secret_password_verify(overlong, "password"), STATUS_BAD_CREDENTIALS);
}

/* ---- secret files ---- */

/* A folder of the test's own, with one good secret in it. */
/* The sentence must name the file and hold the word. */
static void assert_refused(const char *path, enum status status, const char *word)
{
	struct strbuf out;
	struct error err = {.status = STATUS_OK};

	strbuf_init_secret(&out);
	assert_int_equal(secret_file_read(path, &out, &err), status);
	assert_int_equal(err.status, status);
	assert_int_equal(out.len, 0);
	if (strstr(err.text, path) == NULL || strstr(err.text, word) == NULL)
		fail_msg("\"%s\" does not hold \"%s\"", err.text, word);
	strbuf_clear(&out);
}

static void assert_reads(const char *path, const char *expected)
{
	struct strbuf out;

	strbuf_init_secret(&out);
	assert_ok(secret_file_read(path, &out, ERR));
	assert_string_equal(out.data, expected);
	strbuf_clear(&out);
}

static int with_key(void **state)
{
	unit_folder_make(state);
	*state = (char *)unit_write("key", "s3cret\n");
	return 0;
}

FIXTURE(with_key, unit_folder_remove)

TEST(test_file_texts)
{
	const char *key = *state;
	static const struct {
		const char *data;
		size_t len;
		const char *expected; /* NULL: refused, with the word */
		const char *word;
	} cases[] = {
	    {"s3cret\n",   7, "s3cret",  NULL                },
	    {"s3cret",     6, "s3cret",  NULL                },
	    {"s3cret\r\n", 8, "s3cret",  NULL                },
	    {" s p \t\n",  7, " s p \t", NULL                },
	    {"",           0, NULL,      "empty"             },
	    {"\n",         1, NULL,      "empty"             },
	    {"\r\n",       2, NULL,      "empty"             },
	    {"a\0b",       3, NULL,      "NUL"               },
	    {"a\n\0",      3, NULL,      "NUL"               },
	    {"a\nb\n",     4, NULL,      "more than one line"},
	    {"a\n\n",      3, NULL,      "more than one line"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		unit_write_bytes(key, cases[i].data, cases[i].len);
		if (cases[i].expected != NULL)
			assert_reads(key, cases[i].expected);
		else
			assert_refused(key, STATUS_BAD_REQUEST, cases[i].word);
	}
}

TEST(test_file_length)
{
	const char *key = *state;
	char data[4097 + 1];

	memset(data, 'k', sizeof(data));
	unit_write_bytes(key, data, 4097);
	assert_refused(key, STATUS_BAD_REQUEST, "longer than 4096");
	unit_write_bytes(key, data, 4096);
	data[4096] = '\0';
	assert_reads(key, data);
}

TEST(test_file_modes)
{
	const char *key = *state;
	static const mode_t good[] = {0600, 0400, 0700};
	static const mode_t bad[] = {0640, 0620, 0610, 0604, 0602, 0601, 0644, 0666, 0777, 0440};

	for (size_t i = 0; i < COUNT(good); i++) {
		chmod(key, good[i]);
		assert_reads(key, "s3cret");
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		chmod(key, bad[i]);
		assert_refused(key, STATUS_BAD_REQUEST, "chmod 600");
	}
}

TEST(test_file_owner)
{
	const char *key = *state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(key, 65534, 0), 0);
	assert_refused(key, STATUS_BAD_REQUEST, "chown");
}

TEST(test_file_is_not_there)
{
	const char *key = *state;
	unlink(key);
	assert_refused(key, STATUS_NOT_FOUND, "No such file");
}

TEST(test_file_is_a_link)
{
	const char *key = *state;
	const char *link = unit_path("link");

	assert_int_equal(symlink(key, link), 0);
	assert_refused(link, STATUS_BAD_REQUEST, "link");
}

/* Returns at once for a FIFO, too. */
TEST(test_file_is_not_regular)
{
	const char *key = *state;
	assert_refused(unit_folder(), STATUS_BAD_REQUEST, "regular");
	unlink(key);
	assert_int_equal(mkfifo(key, 0600), 0);
	assert_refused(key, STATUS_BAD_REQUEST, "regular");
	assert_refused("/dev/null", STATUS_BAD_REQUEST, "regular");
}

TEST(test_folder_modes)
{
	const char *key = *state;
	static const mode_t good[] = {0700, 0755, 01777, 01770};
	static const mode_t bad[] = {0770, 0702, 0777};

	for (size_t i = 0; i < COUNT(good); i++) {
		chmod(unit_folder(), good[i]);
		assert_reads(key, "s3cret");
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		chmod(unit_folder(), bad[i]);
		assert_refused(key, STATUS_BAD_REQUEST, "chmod go-w");
	}
}

/* The folder above the folder counts as well, and so does the one that holds a link on the way. */
TEST(test_folders_on_the_way)
{
	const char *open = unit_path("open"), *by_link = unit_path("open/link/key");
	const char *file = unit_write("open/inner/key", "inner");

	assert_int_equal(chdir(open), 0);
	assert_int_equal(symlink(unit_folder(), "link"), 0);

	assert_reads(file, "inner");
	assert_reads(by_link, "s3cret");
	assert_reads("inner/key", "inner");
	chmod(open, 0777);
	assert_refused(file, STATUS_BAD_REQUEST, "chmod go-w");
	assert_refused(by_link, STATUS_BAD_REQUEST, "chmod go-w");
	assert_refused("inner/key", STATUS_BAD_REQUEST, "chmod go-w");

	assert_int_equal(chdir("/"), 0);
}

#define STRANGER 65534

/*
 * Whoever owns a folder can exchange what is in it, whatever its mode and whoever owns the file.
 * That goes for the folder itself, the one above it, and a folder that a link on the way leads to.
 */
TEST(test_folder_owners)
{
	const char *outer = unit_path("outer"), *inner = unit_path("outer/inner");
	const char *by_link = unit_path("link/key"), *file;

	if (geteuid() != 0)
		skip();
	file = unit_write("outer/inner/key", "inner");
	assert_int_equal(chmod(outer, 0755), 0);
	assert_int_equal(symlink(inner, unit_path("link")), 0);
	assert_reads(by_link, "inner");

	const char *const owned[] = {inner, outer, unit_folder()};
	for (size_t i = 0; i < COUNT(owned); i++) {
		assert_int_equal(chown(owned[i], STRANGER, 0), 0);
		assert_refused(file, STATUS_BAD_REQUEST, "belongs to user 65534");
		assert_refused(by_link, STATUS_BAD_REQUEST, "chown root");
		assert_int_equal(chmod(owned[i], 01755), 0); /* which keeps its owner off neither */
		assert_refused(file, STATUS_BAD_REQUEST, "belongs to user 65534");
		assert_int_equal(chown(owned[i], 0, 0), 0);
		assert_reads(file, "inner");
	}
}
