/*
 * One-time tokens: vectors made by tests/lib/login_token.mjs, another hand with another library;
 * each way in which a token can be wrong; and the clock at its edges. Key files, which JWTs share.
 */
#include "unit.h"

#include "xmpp/login_token.h"

#define EXPIRY INT64_C(1700000060)
#define NOW    INT64_C(1700000000)
#define TOKEN  "1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw"

static unsigned char bytes[100]; /* 0, 1, 2 … */
static struct secret_part key = {bytes, 32};

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	return secret_start(NULL) == STATUS_OK ? 0 : -1;
}

GROUP(setup, NULL)

TEST(vectors)
{
	const struct {
		size_t key_len;
		const char *user;
		const char *host;
		int64_t expiry;
		const char *text;
	} rows[] = {
	    {32,  "alice",             "example.org",           EXPIRY,                TOKEN  },
	    {32,  "bob|x\\40\xc3\xa9", "xn--bcher-kva.example", INT64_C(999999999999),
	     "999999999999:AAECAwQFBgcICQoLDA0ODw:8quWOABDK0Mwt9KfI_EWbrFPztzZA-vN7xnRxN_Ft8c"},
	    {100, "alice",             "example.org",           1,
	     "1:AAECAwQFBgcICQoLDA0ODw:1Lm6IcYtmcN1gY-Y0i6PN-UK8w46A07nzlyv6GIzoDM"           },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct secret_part row_key = {bytes, rows[i].key_len};
		struct login_token token = {
		    .user = rows[i].user, .host = rows[i].host, .expiry = rows[i].expiry};
		struct login_token found = {.user = rows[i].user, .host = rows[i].host};
		char text[LOGIN_TOKEN_MAX + 1];

		assert_ok(login_token_make(&row_key, &token, bytes, text, ERR));
		assert_string_equal(text, rows[i].text);
		assert_true(login_token_has_form(text));
		assert_ok(login_token_check(&row_key, text, rows[i].expiry - 1, &found, ERR));
		assert_true(found.expiry == rows[i].expiry);
		assert_string_equal(found.nonce, "AAECAwQFBgcICQoLDA0ODw");
	}
}

TEST(cannot_be_made)
{
	const struct login_token rows[] = {
	    {.user = "a", .host = "b",   .expiry = 0                     },
	    {.user = "a", .host = "b",   .expiry = -1                    },
	    {.user = "a", .host = "b",   .expiry = INT64_C(1000000000000)},
	    {.user = "a", .host = "b|c", .expiry = EXPIRY                },
	};
	char text[LOGIN_TOKEN_MAX + 1] = "untouched";

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_status(login_token_make(&key, &rows[i], bytes, text, ERR), STATUS_INTERNAL);
		assert_string_equal(text, "untouched");
	}
}

/* What is checked with this key for this account says this. */
static void assert_refused(const char *text, const char *user, const char *host, int64_t now,
			   const char *why)
{
	struct login_token token = {.user = user, .host = host};

	assert_status(login_token_check(&key, text, now, &token, ERR), STATUS_BAD_CREDENTIALS);
	if (strstr(unit_error.text, why) == NULL)
		fail_msg("%s: %s", text, unit_error.text);
	assert_true(token.expiry == 0 && token.nonce[0] == '\0');
}

TEST(refused_by_the_mac)
{
	const struct {
		const char *text, *user, *host;
	} rows[] = {
	    {TOKEN,									   "bob",           "example.org"      },
	    {TOKEN,									   "alic",          "eexample.org"     },
	    {TOKEN,									   "alice",         "example.com"      },
	    {TOKEN,									   "Alice",         "example.org"      },
	    {TOKEN,									   "alice|example", "org"              },
	    {TOKEN,									   "",              "alice|example.org"},
	    {"1700000061:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	     "alice",											  "example.org"      },
	    {"1700000060:AAECAwQFBgcICQoLDA0ODg:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	     "alice",											  "example.org"      },
	    {"1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEA",
	     "alice",											  "example.org"      },
	    {"1700000060:AAECAwQFBgcICQoLDA0ODw:qKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	     "alice",											  "example.org"      },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(rows[i].text, rows[i].user, rows[i].host, NOW, "another key");
	bytes[31] ^= 1;
	assert_refused(TOKEN, "alice", "example.org", NOW, "another key");
	bytes[31] ^= 1;
}

TEST(refused_by_the_clock)
{
	struct login_token token = {.user = "alice", .host = "example.org"};

	assert_refused(TOKEN, "alice", "example.org", EXPIRY, "expired 0 s ago");
	assert_refused(TOKEN, "alice", "example.org", EXPIRY + 600, "expired 600 s ago");
	assert_refused(TOKEN, "alice", "example.org", EXPIRY - 601, "expires in 601 s");
	assert_refused(TOKEN, "alice", "example.org", 0, "ahead of this machine's clock");
	assert_ok(login_token_check(&key, TOKEN, EXPIRY - 600, &token, ERR));
	assert_ok(login_token_check(&key, TOKEN, EXPIRY - 1, &token, ERR));
}

TEST(malformed)
{
	const char *const rows[] = {
	    "",
	    ":",
	    "::",
	    "secret",
	    "1700000060:AAECAwQFBgcICQoLDA0ODw",
	    /* the number */
	    "01700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    "+1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    " 1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    "1700000060000:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    ":AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    /* lengths, separators */
	    "1700000060:AAECAwQFBgcICQoLDA0OD:wpKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    "1700000060:AAECAwQFBgcICQoLDA0ODw.pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    "1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFE",
	    "1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw=",
	    "1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw\n",
	    /* another alphabet; bits behind the last byte */
	    "1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr+i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    "1700000060:AAECAwQFBgcICQoLDA0ODx:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEw",
	    "1700000060:AAECAwQFBgcICQoLDA0ODw:pKbOIbr-i5mjvK1sxqK2QwvH5Fn8jZagUHx4RkNHFEx",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_false(login_token_has_form(rows[i]));
		assert_refused(rows[i], "alice", "example.org", NOW, "malformed");
	}
}

TEST(keys)
{
	static const char good[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
	static const char *const accepted[] = {
	    good,
	    "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}",
	    "{ \"alg\": \"HS256\", \"k\": \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\", "
	    "\"kty\": \"oct\" }",
	};
	static const struct {
		const char *text, *why;
	} refused[] = {
	    {"",					     "has 0 bytes; allowed: 32 to 512"},
	    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg",   "has 31 bytes"                   },
	    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "not base64url"                  },
	    {"a secret",				     "not base64url"                  },
	    {"{\"kty\":\"oct\",\"k\":\"AAEC\"}",             "has 3 bytes"                    },
	    {"{\"kty\":\"RSA\",\"k\":\"AAEC\"}",             "not of the form"                },
	    {"{\"kty\":\"oct\"}",                            "not of the form"                },
	    {"{\"kty\":\"oct\"",                             "not valid JSON"                 },
	};

	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct strbuf out;

		strbuf_init_secret(&out);
		assert_ok(login_key_parse(accepted[i], &out, ERR));
		assert_int_equal(out.len, 32);
		assert_memory_equal(out.data, bytes, 32);
		strbuf_clear(&out);
	}
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct strbuf out;

		strbuf_init_secret(&out);
		assert_fails(login_key_parse(refused[i].text, &out, ERR), STATUS_BAD_REQUEST,
			     refused[i].why);
		assert_null(strstr(unit_error.text, "a secret"));
		strbuf_clear(&out);
	}
}
