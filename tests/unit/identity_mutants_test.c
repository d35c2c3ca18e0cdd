/*
 * What visitors and sites hand us, made wrong in many thousand ways: PHP's session files, Django's
 * sessions, tokens, cookies, password hashes. Whatever comes of it, it is no crash, nothing is set
 * but on success, and nobody is let in whom nobody has signed for. The same mutants each time; for
 * other ones the same targets are there for libFuzzer:
 *
 *	make BUILD=build/fuzz CC=clang SANITIZE=address,undefined,fuzzer-no-link build/fuzz/libprebind.a
 *	clang -DFUZZ -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Icgi -o build/fuzz/identity \
 *	    tests/unit/identity_mutants_test.c build/fuzz/libprebind.a $(pkg-config --libs libsodium \
 *	    libcjson expat libcurl sqlite3 fcgi libgsasl libidn libcrypto zlib libxcrypt)
 *	build/fuzz/identity -max_len=1024 -max_total_time=60
 */
#include "unit.h"

#include "base/codec.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "identity/django_session.h"
#include "password/hash.h"
#include "identity/php_serialize.h"
#include "identity/token_text.h"
#include "identity/wordpress_config.h"
#include "identity/wordpress_cookie.h"
#include "web/request.h"

#define NOW         INT64_C(1700000000)
#define SEED        UINT64_C(0x5eed01de2717)
#define MUTANTS     10000 /* of each target's seeds together */
#define CHANGES_MAX 6     /* in one of them */
#define INPUT_MAX   4096
#define CHEAP       5 /* rounds, or their logarithm: hashes of more are read, and not computed */

/* In the test's own words, or a crash for the fuzzer. */
#ifdef FUZZ
#define MUST(holds)                                                                                \
	do {                                                                                       \
		if (!(holds))                                                                      \
			abort();                                                                   \
	} while (0)
#else
#define MUST(holds) assert_true(holds)
#endif

/* ---- the targets: bytes in, what must hold in every case ---- */

static char *text_of(const unsigned char *data, size_t len)
{
	char *text = strndup((const char *)data, len);

	MUST(text != NULL);
	return text;
}

static enum status php_try(const unsigned char *data, size_t len)
{
	static const char *const paths[] = {"user.name", "user", "0", "user.name.first"};
	enum status status = STATUS_OK;

	for (int format = 0; format <= PHP_FORMAT_BINARY; format++)
		for (size_t i = 0; i < COUNT(paths); i++) {
			const struct php_session session = {.format = (enum conf_php_format)format,
							    .data = (const char *)data,
							    .len = len};
			char *name = NULL;
			status = php_session_get(&session, paths[i], &name, NULL);
			MUST(status == STATUS_OK || status == STATUS_NOT_FOUND ||
			     status == STATUS_BAD_REQUEST);
			MUST((status == STATUS_OK) == (name != NULL));
			MUST(name == NULL || strlen(name) <= len);
			free(name);
		}
	return status;
}

static const struct django_keys django_keys = {
    .items = {"a new key", "the old key"},
      .count = 2
};

static enum status django_status(const char *text)
{
	struct django_session session = {0};
	enum status status = django_session_read(text, &django_keys, &session, NULL);

	MUST(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_BAD_REQUEST);
	MUST((status == STATUS_OK) == (session.user_id != NULL && session.user_hash != NULL));
	MUST(status == STATUS_OK || (session.user_id == NULL && session.user_hash == NULL));
	if (status == STATUS_OK)
		MUST(django_session_check(&session, "no such hash", &django_keys, NULL) ==
		     STATUS_NOT_FOUND);
	django_session_clear(&session);
	return status;
}

/* As it comes: it was not signed by anybody. */
static enum status django_try(const unsigned char *data, size_t len)
{
	char *text = text_of(data, len);

	enum status status = django_status(text);
	MUST(status == STATUS_BAD_REQUEST);
	free(text);
	return status;
}

/* The bytes as a payload, "." before it if it is to be unpacked, that the site has signed. */
static enum status django_signed_try(const unsigned char *data, size_t len)
{
	static const char salt[] = "django.contrib.sessions.SessionStore"
				   "signer"
				   "the old key";
	unsigned char key[SECRET_SHA256_LEN], mac[SECRET_SHA256_LEN];
	bool packed = len > 0 && data[0] == '.';
	struct strbuf text;

	strbuf_init(&text);
	strbuf_adds(&text, packed ? "." : "");
	codec_base64url(&text, data + packed, len - packed);
	strbuf_adds(&text, ":1xV93B");
	secret_sha256(key, salt, strlen(salt));
	secret_hmac(mac, key, &(struct secret_part){text.data, text.len}, 1);
	strbuf_adds(&text, ":");
	codec_base64url(&text, mac, sizeof(mac));
	enum status status = django_status(text.data);
	strbuf_clear(&text);
	return status;
}

/* A cookie that the site has not signed. */
static enum status wordpress_try(const unsigned char *data, size_t len)
{
	const struct wordpress_user user = {"$P$BDSdKx2nglM.5UErwjQGeVtVWvjEvD1", "a:0:{}"};
	struct wordpress_cookie cookie = {0};
	char *text = text_of(data, len);

	enum status status = wordpress_cookie_read(text, &cookie, NULL);
	MUST(status == STATUS_OK || status == STATUS_BAD_REQUEST);
	MUST((status == STATUS_OK) == (cookie.user != NULL && cookie.mac != NULL));
	if (status == STATUS_OK)
		MUST(wordpress_cookie_check(&cookie, "the keys", &user, 0, NULL) ==
		     STATUS_NOT_FOUND);
	wordpress_cookie_clear(&cookie);
	free(text);
	return status;
}

static enum status wordpress_config_try(const unsigned char *data, size_t len)
{
	struct wordpress_config config = {0};
	char *text = text_of(data, len);

	enum status status = wordpress_config_read(text, &config, NULL);
	MUST(status == STATUS_OK || status == STATUS_BAD_REQUEST);
	for (size_t i = 0; i < WORDPRESS_N_NAMES; i++)
		MUST(config.values[i] == NULL || (status == STATUS_OK && !config.is_computed[i] &&
						  strlen(config.values[i]) < len));
	wordpress_config_clear(&config);
	free(text);
	return status;
}

static const struct token_keys token_keys = {
    .items = {{.kid = "k1", .secret = "thirty-two bytes of a key, or so", .secret_len = 32}},
    .count = 1,
};

static enum status token_status(long format, const char *text)
{
	const struct token_rules rules = {
	    .format = format, .keys = &token_keys, .audience = "site.test", .user_claim = ""};
	struct token token = {0};
	enum status status = token_check(&rules, text, NOW, &token, NULL);

	MUST(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_BAD_CREDENTIALS);
	if (status == STATUS_OK) {
		MUST(token.user[0] != '\0' && strlen(token.user) <= TOKEN_USER_MAX);
		MUST(token.expires > NOW && token.issued <= NOW + TOKEN_SKEW_S);
		MUST(token.expires - token.issued <= TOKEN_LIFE_MAX_S);
	} else {
		MUST(token.user == NULL && token.jid == NULL);
	}
	token_clear(&token);
	return status;
}

static enum status token_try(const unsigned char *data, size_t len)
{
	char *text = text_of(data, len);

	enum status status = token_status(TOKEN_FORMAT_HMAC, text);
	MUST(status == STATUS_BAD_CREDENTIALS);
	MUST(token_status(TOKEN_FORMAT_JWT, text) == STATUS_BAD_CREDENTIALS);
	free(text);
	return status;
}

static void token_sign(const struct secret_part *parts, size_t n, struct strbuf *text)
{
	const struct token_key *key = &token_keys.items[0];
	unsigned char mac[SECRET_SHA256_LEN];

	secret_hmac_keyed(mac, &(struct secret_part){key->secret, key->secret_len}, parts, n);
	strbuf_adds(text, ".");
	codec_base64url(text, mac, sizeof(mac));
}

static enum status token_signed_try(const unsigned char *data, size_t len)
{
	static const char head[] = "prebind-sso-v1\0k1"; /* with the NUL in it, without the last */
	const size_t before = strlen("v1.k1.");
	struct strbuf text;

	strbuf_init(&text);
	strbuf_adds(&text, "v1.k1.");
	codec_base64url(&text, data, len);
	const struct secret_part parts[] = {
	    {head,               sizeof(head) - 1 },
            {text.data + before, text.len - before}
        };
	token_sign(parts, COUNT(parts), &text);
	enum status status = token_status(TOKEN_FORMAT_HMAC, text.data);
	strbuf_clear(&text);
	return status;
}

/* The bytes: a header, a new line, the claims. */
static enum status jwt_signed_try(const unsigned char *data, size_t len)
{
	const unsigned char *line = memchr(data, '\n', len);
	size_t head = line != NULL ? (size_t)(line - data) : 0;
	size_t rest = line != NULL ? head + 1 : 0;
	struct strbuf text;

	strbuf_init(&text);
	codec_base64url(&text, data, head);
	strbuf_adds(&text, ".");
	codec_base64url(&text, data + rest, len - rest);
	token_sign(&(struct secret_part){text.data, text.len}, 1, &text);
	enum status status = token_status(TOKEN_FORMAT_JWT, text.data);
	strbuf_clear(&text);
	return status;
}

static enum status cookie_try(const unsigned char *data, size_t len)
{
	char *cookie = text_of(data, len);
	struct request req = {.cookie = cookie};
	char *value = NULL;

	enum status status = request_cookie(&req, "sid", &value, NULL);
	MUST(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_BAD_REQUEST);
	MUST((status == STATUS_OK) == (value != NULL));
	if (value != NULL) {
		MUST(strstr(req.cookie, value) != NULL);
		MUST(strpbrk(value, " ;,\\\"\r\n") == NULL);
	}
	free(value);
	free(cookie);
	return status;
}

/* No hash of a name of ours is any mutant's. */
static enum status hash_try(const unsigned char *data, size_t len)
{
	char *text = text_of(data, len);
	enum status status = STATUS_OK;

	for (int weak = 0; weak <= 1; weak++) {
		struct password_hash hash = {0};
		status = password_hash_read(text, weak == 1, &hash, NULL);

		MUST(status == STATUS_OK || status == STATUS_BAD_CREDENTIALS);
		if (status != STATUS_OK)
			continue;
		MUST(password_hash_name(&hash)[0] != '\0');
		MUST(password_hash_max(&hash) <= PASSWORD_MAX);
		if (hash.rounds <= CHEAP && strncmp(hash.text, "$argon2", 7) != 0 &&
		    strncmp(hash.text, "$7$", 3) != 0)
			MUST(password_hash_verify(&hash, "not the password") != STATUS_OK);
	}
	free(text);
	return status;
}

struct target {
	const char *name;
	enum status (*try)(const unsigned char *data, size_t len);
	const struct secret_part *seeds; /* empty behind the last */
	bool seeds_are_good;             /* signed here, so that what reads them is reached */
};

#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
#define PHP_NAME "s:4:\"name\";s:5:\"alice\";"

static const struct secret_part php_seeds[] = {
    TEXT("user|a:1:{" PHP_NAME "}cart|a:2:{i:0;d:1.5;i:1;b:1;}"),
    TEXT("user|O:6:\"Person\":2:{" PHP_NAME "s:9:\"\0Person\0x\";N;}last|b:0;"),
    TEXT("a:2:{s:4:\"user\";a:1:{" PHP_NAME "}s:3:\"obj\";O:3:\"Two\":1:{i:0;R:2;}}"),
    TEXT("\4usera:1:{" PHP_NAME "}\4carta:0:{}"),
    TEXT("user|E:11:\"Suit:Hearts\";x|C:11:\"ArrayObject\":21:{x:i:0;a:0:{};m:a:0:{}}"),
    {0},
};
static const struct secret_part django_seeds[] = {
    TEXT("eyJfYXV0aF91c2VyX2lkIjoiMTcifQ:1xV93B:3FYC7hZ_iVnCjCl6kPK8UyEdEzWhg7SSjuS2D7EkQTQ"),
    TEXT(".eJyrVopPLC3JiC8tTi2Kz0xRsjI010EWykgszlCyUqpQqgUARY0O0g:1xV93B:"
	 "oT4mAMFaNfGXSCSXrcOGJftyWHhzDs"),
    {0},
};
static const struct secret_part django_signed_seeds[] = {
    TEXT("{\"_auth_user_id\":\"17\",\"_auth_user_hash\":\"47504931d2ac\",\"cart\":[1,2.5,null,"
	 "\"\\u00e9\"]}"),
    TEXT("."
	 "\x78\xda\xab\x56\x8a\x4f\x2c\x2d\xc9\x88\x2f\x2d\x4e\x2d\x8a\xcf\x4c\x51"
	 "\xb2\x52\x32\x34\x57\xd2\x41\x16\xcc\x48\x2c\xce\x00\x0a\x9b\x98\x9b\x1a"
	 "\x98\x58\x1a\x1b\xa6\x18\x25\x26\x03\x15\x24\x27\x16\x95\x28\x59\x45\x1b"
	 "\xea\x18\xe9\x18\xc7\xd6\x02\x00\x2e\xd5\x15\x93"),
    {0},
};
static const struct secret_part wordpress_seeds[] = {
    TEXT("Bob%20McKay%7C1900000000%7CJicsu4jdTRdKbDDOAF2VH1xZ3s6OTdp7B6IaciGfHk1%7C1bd2f1eb6cd6"),
    TEXT("a|1900000000|t|1bd2f1eb6cd63992586e9cf6c6da7284e8f2a102402313e2c87bed4cbb8b33ab"),
    {0},
};
static const struct secret_part wordpress_config_seeds[] = {
    TEXT("<?php /* a */ define( 'LOGGED_IN_KEY', 'k\\'\\\\' ); // b\n# c\n$table_prefix = 'wp_';"
	 "define(\"LOGGED_IN_SALT\", \"s\\\"\\$\"); define('MULTISITE', true); $x = [1, 'a' . "
	 "'b'];"),
    {0},
};
static const struct secret_part token_seeds[] = {
    TEXT("v1.k1.eyJ1c2VyIjoiYWxpY2UiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDMwMCwi"
	 "YXVkIjoic2l0ZS50ZXN0In0.b3JHQVhYM0lHZE9PZ0FhV3BkT2ZGQ0FmSVBkZ2VkYWE"),
    TEXT("eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbGljZSJ9."
	 "b3JHQVhYM0lHZE9PZ0FhV3BkT2ZGQ0FmSVBkZ2VkYWE"),
    TEXT("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."),
    {0},
};
static const struct secret_part token_signed_seeds[] = {
    TEXT("{\"user\":\"alice\",\"iat\":1700000000,\"exp\":1700000300,\"aud\":\"site.test\","
	 "\"jid\":\"a@b\"}"),
    {0},
};
static const struct secret_part jwt_signed_seeds[] = {
    TEXT(
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}\n{\"sub\":\"alice\",\"iat\":1700000000,"
	"\"exp\":1700000300,\"aud\":[\"site.test\",\"b\"]}"),
    {0},
};
static const struct secret_part cookie_seeds[] = {
    TEXT("a=1; sid=0123456789abcdef; b=\"2\""),
    TEXT("sid=abc, other=1; sidd=2"),
    TEXT("sid=1; sid=2"),
    {0},
};
static const struct secret_part hash_seeds[] = {
    TEXT("$2y$04$8pNURCdSOsEorOKfG1iz2.kqbnrnTd7bYsWeg6WVBp80QveywnQAS"),
    TEXT("$wp$2y$04$Q4dlzrqjY7vnihT6O5SDT.b8IUqw8HSvIgNKZD9u.F7m0wME8vlJm"),
    TEXT("3|$argon2id$v=19$m=64,t=2,p=1$WkE0RjJ5ZUovRzNxY3hXSQ$WkE0RjJ5ZUovRzNxY3hXSQ"),
    TEXT("$y$j7T$abcdefghijklmnopqrstu.$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8"),
    TEXT("$7$7/..../....abcdefgh$99kYlhRaSfthQkh/oAVR811rUm9uKyaNs3SKKFZMhE1"),
    TEXT("$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8"),
    TEXT("pbkdf2_sha256$3$abcDEF123$L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo="),
    TEXT(":pbkdf2:sha256:3:32:c2FsdHNhbHQ=:L976N2gLUUrlB5ESxtk3TLeeDGoP0DvnDZW8r9F5sFo="),
    TEXT(":B:1234abcd:faa20430ea4830572cfaca74f008a057"),
    TEXT("$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"),
    TEXT("U$S$5saltSALTsb2gsj6IGeO39oLXQcO.cm0vC6Libj5NPJspSGSN7qT"),
    TEXT("$apr1$saltsalt$EGVZDNN6gOqijy.tv9axG/"),
    TEXT("{SSHA}L55TUjtiq8FBorTWAZ0jy6g129BzYWx0"),
    {0},
};

static const struct target targets[] = {
    {"php_session",    php_try,              php_seeds,              false},
    {"django",         django_try,           django_seeds,           false},
    {"django, signed", django_signed_try,    django_signed_seeds,    true },
    {"WordPress",      wordpress_try,        wordpress_seeds,        true },
    {"wp-config.php",  wordpress_config_try, wordpress_config_seeds, true },
    {"token",          token_try,            token_seeds,            false},
    {"token, signed",  token_signed_try,     token_signed_seeds,     true },
    {"JWT, signed",    jwt_signed_try,       jwt_signed_seeds,       true },
    {"cookie",         cookie_try,           cookie_seeds,           false},
    {"password hash",  hash_try,             hash_seeds,             true },
};

#ifdef FUZZ

/* The first byte says which target. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	if (secret_start(NULL) != STATUS_OK)
		abort();
	if (len > 0 && len <= INPUT_MAX)
		targets[data[0] % COUNT(targets)].try(data + 1, len - 1);
	return 0;
}

#else

/* ---- chance, the same each time (Marsaglia's xorshift64*) ---- */

static size_t chance(uint64_t *state, size_t below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (size_t)(*state * UINT64_C(2685821657736338717) >> 33) % below;
}

/* ---- changes ---- */

struct input {
	unsigned char bytes[INPUT_MAX];
	size_t len;
};

/* Replaces so many bytes at a place by others. */
static void replace(struct input *input, size_t at, size_t gone, const void *with, size_t len)
{
	unsigned char copy[INPUT_MAX];

	if (gone > input->len - at)
		gone = input->len - at;
	if (input->len - gone + len > INPUT_MAX)
		return;
	memcpy(copy, with, len); /* it may be a part of the input */
	memmove(input->bytes + at + len, input->bytes + at + gone, input->len - at - gone);
	memcpy(input->bytes + at, copy, len);
	input->len = input->len - gone + len;
}

/* What parsers stumble over: ends of numbers, nesting, signs, letters of other alphabets. */
static const char *const pieces[] = {
    "0",
    "-1",
    "999999999",
    "2147483648",
    "18446744073709551616",
    "1e9",
    ":",
    ";",
    "|",
    "\"",
    "{",
    "}",
    "a:9:{",
    "s:99999:\"",
    "R:1;",
    "N;",
    "$",
    ".",
    "=",
    "==",
    ",",
    "\\u0000",
    "\\ud800",
    "\xff",
    "\xc3",
    "[[[[[[[[[[[[",
    "null",
    "true",
    "\n",
    "%00",
    "; sid=",
    "O:8:\"stdClass\":1:{",
};

static void change(struct input *input, uint64_t *state)
{
	size_t at = chance(state, input->len + 1), span = 1 + chance(state, 8);
	unsigned char byte = (unsigned char)chance(state, 256);
	const char *piece = pieces[chance(state, COUNT(pieces))];
	size_t from = chance(state, input->len + 1);

	if (span > input->len - from)
		span = input->len - from;
	switch (chance(state, 6)) {
	case 0:
		replace(input, at, 1, &byte, 1);
		break;
	case 1:
		replace(input, at, span, "", 0);
		break;
	case 2:
		replace(input, at, 0, input->bytes + from, span);
		break;
	case 3:
		replace(input, at, 0, piece, strlen(piece));
		break;
	case 4:
		replace(input, at, span, piece, strlen(piece));
		break;
	default:
		input->len = at;
	}
}

/* ---- the tests ---- */

static void run(const struct target *target)
{
	size_t n_seeds = 0;
	uint64_t state = SEED;

	while (target->seeds[n_seeds].data != NULL)
		n_seeds++;
	for (size_t i = 0; i < MUTANTS; i++) {
		const struct secret_part *seed = &target->seeds[i % n_seeds];
		struct input input = {.len = seed->len};

		memcpy(input.bytes, seed->data, seed->len);
		for (size_t changes = chance(&state, CHANGES_MAX + 1); changes > 0; changes--)
			change(&input, &state);
		/* at the end of a block of its own: a byte too far is seen by the sanitizers */
		unsigned char *exact = malloc(input.len > 0 ? input.len : 1);
		assert_non_null(exact);
		memcpy(exact, input.bytes, input.len);
		target->try(exact, input.len);
		free(exact);
	}
}

GROUP(unit_secrets, NULL)

static void test_target(void **state)
{
	run(*state);
}

/* One test for each target. */
__attribute__((constructor)) static void register_targets(void)
{
	for (size_t i = 0; i < COUNT(targets); i++)
		unit_register((struct unit_item){.line = __LINE__ + (int)i,
						 .name = targets[i].name,
						 .test = test_target,
						 .initial = (void *)&targets[i]});
}

/* That the ways in are open: each seed that is signed here is taken. */
TEST(test_seeds_are_good)
{
	const struct php_session session = {
	    .format = PHP_FORMAT_PHP, .data = php_seeds[0].data, .len = php_seeds[0].len};
	char *name = NULL;

	assert_ok(php_session_get(&session, "user.name", &name, ERR));
	assert_string_equal(name, "alice");
	free(name);
	for (size_t i = 0; i < COUNT(targets); i++)
		for (const struct secret_part *seed = targets[i].seeds; seed->data != NULL; seed++)
			if (targets[i].seeds_are_good &&
			    targets[i].try(seed->data, seed->len) != STATUS_OK)
				fail_msg("%s: %s", targets[i].name, (const char *)seed->data);
}

#endif
