/*
 * identity/token_text and token_keys: tokens that another program made (token_vectors.json), each
 * byte of a good one changed, RFC 7515's own examples, and key files right and wrong.
 */
#include "unit.h"

#include <sys/stat.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/secret.h"
#include "identity/token_text.h"
#include "xmpp/jwt.h"

#define VECTORS   "tests/unit/token_vectors.json"
#define TEXT_SIZE 256

struct fixture {
	struct json *vectors;
	struct token_keys hmac;
	struct token_keys jwt;
};

/* ---- files ---- */

static const char *member(struct fixture *f, const char *name)
{
	const char *text = json_string(json_member(f->vectors, name));

	assert_non_null(text);
	return text;
}

static struct json *read_vectors(void)
{
	struct json *root = NULL;
	size_t len;
	char *text = unit_read(VECTORS, &len);

	assert_ok(json_parse(text, len, &root, ERR));
	free(text);
	return root;
}

static void read_keys(bool jwt, const char *text, struct token_keys *out)
{
	assert_ok(token_keys_read(unit_write("keys", text), jwt, out, ERR));
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[1024];

	assert_non_null(f);
	assert_ok(secret_start(ERR));
	unit_folder_make(NULL);
	f->vectors = read_vectors();
	const struct json *keys = json_first(json_member(f->vectors, "hmac_keys"));
	snprintf(text, sizeof(text), "# two keys\n%s\n\n%s\n", json_string(keys),
		 json_string(json_next(keys)));
	read_keys(false, text, &f->hmac);
	unit_write("rsa.pem", member(f, "rsa"));
	unit_write("p256.pem", member(f, "p256"));
	snprintf(text, sizeof(text), "%s\nr:%s/rsa.pem\r\ne:%s/p256.pem", member(f, "jwt_shared"),
		 unit_folder(), unit_folder());
	read_keys(true, text, &f->jwt);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	token_keys_clear(&f->hmac);
	token_keys_clear(&f->jwt);
	json_free(f->vectors);
	free(f);
	return unit_folder_remove(NULL);
}

static struct token_rules rules_of(struct fixture *f, bool jwt)
{
	return (struct token_rules){
	    .format = jwt ? TOKEN_FORMAT_JWT : TOKEN_FORMAT_HMAC,
	    .keys = jwt ? &f->jwt : &f->hmac,
	    .audience = member(f, "audience"),
	    .user_claim = "",
	};
}

static int64_t now_of(struct fixture *f)
{
	long long now = 0;

	assert_true(json_integer(json_member(f->vectors, "now"), &now));
	return now;
}

/* ---- vectors ---- */

static enum status status_of(const char *verdict)
{
	if (strcmp(verdict, "ok") == 0)
		return STATUS_OK;
	return strcmp(verdict, "over") == 0 ? STATUS_NOT_FOUND : STATUS_BAD_CREDENTIALS;
}

static void check_vector(struct fixture *f, const struct json *row)
{
	bool jwt = strcmp(json_string(json_member(row, "format")), "jwt") == 0;
	const char *what = json_string(json_member(row, "what"));
	const char *verdict = json_string(json_member(row, "verdict"));
	const struct token_rules rules = rules_of(f, jwt);
	struct token token = {0};
	struct error err = {0};

	enum status status =
	    token_check(&rules, json_string(json_member(row, "token")), now_of(f), &token, &err);
	if (status != status_of(verdict))
		fail_msg("%s: %s: %s (%s)", jwt ? "jwt" : "hmac", what, status_name(status),
			 err.text);
	if (status == STATUS_OK)
		assert_string_equal(token.user, json_string(json_member(row, "user")));
	else
		assert_true(token.user == NULL && err.text[0] != '\0');
	token_clear(&token);
}

FIXTURE(setup, teardown)

TEST(test_vectors)
{
	struct fixture *f = *state;
	size_t n = 0;

	for (const struct json *row = json_first(json_member(f->vectors, "tokens")); row != NULL;
	     row = json_next(row), n++)
		check_vector(f, row);
	assert_true(n > 120);
}

static const char *token_named(struct fixture *f, const char *what)
{
	const struct json *row = json_first(json_member(f->vectors, "tokens"));

	while (row != NULL && strcmp(json_string(json_member(row, "what")), what) != 0)
		row = json_next(row);
	assert_non_null(row);
	return json_string(json_member(row, "token"));
}

/* No byte of a good token can be another one, left out, or written twice. */
static void change_every_byte(struct fixture *f, bool jwt, const char *good)
{
	static const char others[] = "Ab0-_.=+ /\x01\x7f\xff";
	const struct token_rules rules = rules_of(f, jwt);
	size_t len = strlen(good);
	char changed[TOKEN_JWT_MAX];
	struct token token = {0};

	for (size_t i = 0; i < len; i++) {
		for (size_t j = 0; j < sizeof(others) - 1; j++) {
			snprintf(changed, sizeof(changed), "%s", good);
			changed[i] = others[j];
			if (others[j] != good[i])
				assert_status(token_check(&rules, changed, now_of(f), &token, NULL),
					      STATUS_BAD_CREDENTIALS);
		}
		snprintf(changed, sizeof(changed), "%.*s%s", (int)i, good, good + i + 1);
		assert_status(token_check(&rules, changed, now_of(f), &token, NULL),
			      STATUS_BAD_CREDENTIALS);
		snprintf(changed, sizeof(changed), "%.*s", (int)i, good);
		assert_status(token_check(&rules, changed, now_of(f), &token, NULL),
			      STATUS_BAD_CREDENTIALS);
	}
	assert_null(token.user);
}

TEST(test_every_byte_counts)
{
	struct fixture *f = *state;

	change_every_byte(f, false, token_named(f, "good"));
	change_every_byte(f, true, token_named(f, "HS256"));
}

/* An ES256 signature has a twin, which anybody can compute: the token's own name is the same. */
TEST(test_twins_have_one_name)
{
	struct fixture *f = *state;
	const struct token_rules rules = rules_of(f, true);
	struct token one = {0};
	struct token other = {0};

	assert_ok(token_check(&rules, token_named(f, "ES256, one of two"), now_of(f), &one, ERR));
	assert_ok(token_check(&rules, token_named(f, "ES256, its twin"), now_of(f), &other, ERR));
	assert_memory_equal(one.digest, other.digest, sizeof(one.digest));
	token_clear(&one);
	token_clear(&other);
}

static void sign_payload(struct fixture *f, const char *payload, struct strbuf *out)
{
	static const char head[] = "{\"alg\":\"HS256\"}";
	const struct token_key *key = &f->jwt.items[0];
	const struct secret_part secret = {key->secret, key->secret_len};
	const struct secret_part header = {head, sizeof(head) - 1};
	const struct secret_part text = {payload, strlen(payload)};

	strbuf_init(out);
	jwt_sign(&secret, &header, &text, out);
	assert_true(strbuf_ok(out));
}

struct claims_row {
	const char *claims, *user_claim;
	enum status status;
	const char *said; /* the user, or what the sentence holds */
	long issued, expires;
};

static void check_claims(struct fixture *f, const struct claims_row *row)
{
	struct token_keys one = {.items = {f->jwt.items[0]}, .count = 1};
	struct token_rules rules = rules_of(f, true);
	struct token token = {0};
	struct error err = {0};
	struct strbuf payload, text;

	rules.keys = &one;
	rules.user_claim = row->user_claim;
	strbuf_init(&payload);
	strbuf_addf(&payload, "{\"aud\":\"%s\",%s}", rules.audience, row->claims);
	sign_payload(f, payload.data, &text);
	enum status status = token_check(&rules, text.data, 1000000, &token, &err);
	if (status != row->status)
		fail_msg("%s: %s (%s)", row->claims, status_name(status), err.text);
	if (status == STATUS_OK) {
		assert_string_equal(token.user, row->said);
		assert_int_equal(token.issued, row->issued);
		assert_int_equal(token.expires, row->expires);
	} else if (strstr(err.text, row->said) == NULL) {
		fail_msg("%s: %s", row->claims, err.text);
	}
	token_clear(&token);
	strbuf_clear(&text);
	strbuf_clear(&payload);
}

#define OK  STATUS_OK
#define BAD STATUS_BAD_CREDENTIALS

/* The clock says 1000000. */
TEST(test_claims_of_identity_providers)
{
	static const char named[] = "preferred_username";
	static const struct claims_row rows[] = {
	    {"\"sub\":\"a\",\"iat\":1000000.75,\"exp\":1000060.25",         "",    OK,               "a",           1000000,         1000060},
	    {"\"sub\":\"a\",\"iat\":999990.1234567,\"exp\":1.00006e6",      "",    OK,               "a",           999990,
	     1000060															},
	    {"\"sub\":\"a\",\"iat\":1,\"exp\":1000000.9",                   "",    BAD,              "12 hours",    0,               0      },
	    {"\"sub\":\"a\",\"iat\":999999,\"exp\":1000000.9",              "",    STATUS_NOT_FOUND, "has expired",
	     0,														      0      },
	    {"\"sub\":\"a\",\"iat\":-0.5,\"exp\":100",                      "",    BAD,              "12 hours",    0,               0      },
	    {"\"sub\":\"a\",\"exp\":1000060",                               "",    OK,               "a",           1000060 - 43200, 1000060},
	    {"\"sub\":\"a\",\"exp\":1043200",                               "",    OK,               "a",           1000000,         1043200},
	    {"\"sub\":\"a\",\"exp\":1043201",                               "",    BAD,              "no iat",      0,               0      },
	    {"\"sub\":\"a\",\"exp\":999999",                                "",    STATUS_NOT_FOUND, "has expired", 0,               0      },
	    {"\"sub\":\"a\",\"iat\":null,\"exp\":1000060",                  "",    BAD,              "iat",         0,               0      },
	    {"\"sub\":\"a\",\"iat\":1000000",                               "",    BAD,              "exp",         0,               0      },
	    {"\"preferred_username\":\"b\",\"user\":\"c\",\"exp\":1000060", named, OK,               "b",
	     1000060 - 43200,													1000060},
	    {"\"sub\":\"a\",\"user\":\"c\",\"exp\":1000060",                named, BAD,              "no user",     0,               0      },
	    {"\"preferred_username\":17,\"exp\":1000060",                   named, BAD,              "no user",     0,               0      },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_claims(*state, &rows[i]);
}

TEST(test_a_made_token_is_good)
{
	struct fixture *f = *state;
	const struct token_request what = {.user = "Zo\xc3\xab", .now = 1900000000, .life_s = 60};
	struct strbuf text;

	for (int jwt = 0; jwt <= 1; jwt++) {
		const struct token_rules rules = rules_of(f, jwt == 1);
		struct token token = {0};

		strbuf_init(&text);
		assert_ok(token_make(&rules, &what, &text, ERR));
		assert_ok(token_check(&rules, text.data, what.now, &token, ERR));
		assert_string_equal(token.user, what.user);
		assert_int_equal(token.expires, what.now + 60);
		token_clear(&token);
		assert_ok(token_check(&rules, text.data, what.now + 59, &token, ERR));
		token_clear(&token);
		assert_status(token_check(&rules, text.data, what.now + 60, &token, NULL),
			      STATUS_NOT_FOUND);
		strbuf_clear(&text);
	}
}

/* ---- key files ---- */

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B "IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

TEST(test_wrong_key_files)
{
	static const struct {
		const char *text;
		const char *says;
	} wrong[] = {
	    {"# nothing\n\n",								 "contains no key"                },
	    {KEY_A "\n",								      "keys:1: the line is not KID:KEY"},
	    {"a b:" KEY_A "\n",							       "keys:1: the line is not KID:KEY"},
	    {"\n\n:" KEY_A "\n",							      "keys:3: the line is not KID:KEY"},
	    {"a.b:" KEY_A "\n",							       "KID"                            },
	    {"123456789012345678901234567890123:" KEY_A "\n",                                 "KID"                            },
	    {"k:\n",									  "0 bytes"                        },
	    {"k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\n",                                "31 bytes"                       },
	    {"k:" KEY_A "=\n",								"base64url"                      },
	    {"k: " KEY_A "\n",								"base64url"                      },
	    {"k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\n",                               "base64url"                      },
	    {"k:not a key at all, this line\n",                                               "base64url"                      },
	    {"k:" KEY_A "\nk:" KEY_B "\n",						    "keys:2: this kid"               },
	    {"k:" KEY_A "\nl:" KEY_A "\n",						    "keys:2: this kid or this key"   },
	    {"k:/etc/passwd\n",							       "token_format = jwt"             },
	    {"a:" KEY_A "\nb:" KEY_B "\nc:C" KEY_A "AAA\nd:D" KEY_A "AAA\ne:E" KEY_A "AAA\n",
	     "keys:5: the file contains too many keys"									 },
	};
	struct token_keys keys;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *path = unit_write("keys", wrong[i].text);

		assert_status(token_keys_read(path, false, &keys, ERR), STATUS_BAD_REQUEST);
		if (strstr(unit_error.text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].text, unit_error.text);
		assert_null(strstr(unit_error.text, "AAEC")); /* keys are not told */
	}
}

TEST(test_key_file_that_others_may_read)
{
	const char *path = unit_write("keys", "k:" KEY_A "\n");
	struct token_keys keys;

	assert_int_equal(chmod(path, 0640), 0);
	assert_fails(token_keys_read(path, false, &keys, ERR), STATUS_BAD_REQUEST, "chmod 600");
	unlink(path);
	assert_status(token_keys_read(path, false, &keys, ERR), STATUS_NOT_FOUND);
}

static enum status read_public(const char *pem, mode_t mode, struct error *err)
{
	char text[TEXT_SIZE];
	struct token_keys keys;

	assert_int_equal(chmod(unit_write("rsa.pem", pem), mode), 0);
	snprintf(text, sizeof(text), "r:%s\n", unit_path("rsa.pem"));
	enum status status = token_keys_read(unit_write("keys", text), true, &keys, err);
	if (status == STATUS_OK)
		token_keys_clear(&keys);
	return status;
}

TEST(test_public_keys)
{
	static const char private_key[] = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTu\n"
					  "-----END PRIVATE KEY-----\n";
	static const char p384[] =
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEFvTFT2n9Y07aX5/f3ecGy9qmc+6QJ2aW\n"
	    "Rcrr+ipAGeTWd/FsgDdkz930+EIjbGAl0gwCHUXlxq9M88nQxs+0p7QBSCKUd6VU\n"
	    "E9tz6KKK3NBwygSOYPh7KC+FUH1iWMz1\n"
	    "-----END PUBLIC KEY-----\n";
	static const char rsa1024[] =
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCpgkDxSNEYFFefgKYuAkk4RSwx\n"
	    "17XBZ60eThwBzjQC3Msm9DiZOTqcFpLTWSozDA0P9+1OYgaZdpNuaXzlARhIgeI1\n"
	    "l1O9V4AEbqhGwJ8bkYFLx3Z9xjeRgbmauu0+Wy+4OZRL3alt8DKVQjqoQ1fIzroc\n"
	    "sSnuSE2UZx+wWzuttQIDAQAB\n"
	    "-----END PUBLIC KEY-----\n";
	struct fixture *f = *state;

	assert_ok(read_public(member(f, "rsa"), 0644, ERR));
	assert_fails(read_public(member(f, "rsa"), 0664, ERR), STATUS_BAD_REQUEST, "chmod go-w");
	assert_fails(read_public(private_key, 0600, ERR), STATUS_BAD_REQUEST, "private key");
	assert_fails(read_public("nonsense\n", 0644, ERR), STATUS_BAD_REQUEST, "BEGIN PUBLIC KEY");
	assert_fails(read_public(p384, 0644, ERR), STATUS_BAD_REQUEST, "P-256");
	assert_fails(read_public(rsa1024, 0644, ERR), STATUS_BAD_REQUEST, "2048");
}

/* ---- RFC 7515 A.2, A.3: the signatures hold; then the claims are not ours ---- */

static void check_rfc(struct fixture *f, const char *pem, const char *token)
{
	struct token_rules rules = rules_of(f, true);
	struct token_keys keys;
	struct token out = {0};
	char text[TEXT_SIZE];
	char changed[TOKEN_JWT_MAX];

	snprintf(text, sizeof(text), "k:%s\n", unit_write("rsa.pem", pem));
	read_keys(true, text, &keys);
	rules.keys = &keys;
	assert_fails(token_check(&rules, token, 1300819000, &out, ERR), STATUS_BAD_CREDENTIALS,
		     "contains no user name");
	snprintf(changed, sizeof(changed), "%s", token);
	changed[strlen(changed) - 5] ^= 1;
	assert_fails(token_check(&rules, changed, 1300819000, &out, ERR), STATUS_BAD_CREDENTIALS,
		     "signature");
	token_keys_clear(&keys);
}

#define RFC_PAYLOAD                                                                                \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"

TEST(test_rfc7515)
{
	static const char rsa[] =
	    "-----BEGIN PUBLIC "
	    "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
	    "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
	    "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
	    "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
	    "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
	    "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
	    "oQIDAQAB\n-----END PUBLIC KEY-----\n";
	static const char p256[] =
	    "-----BEGIN PUBLIC "
	    "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
	    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n-----END PUBLIC "
	    "KEY-----\n";

	check_rfc(
	    *state, rsa,
	    "eyJhbGciOiJSUzI1NiJ9." RFC_PAYLOAD
	    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF"
	    "5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h"
	    "6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES"
	    "c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN"
	    "_IoypGlUPQGe77Rw");
	check_rfc(
	    *state, p256,
	    "eyJhbGciOiJFUzI1NiJ9." RFC_PAYLOAD
	    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-K"
	    "g6NU1Q");
}

TEST(test_a_public_key_signs_nothing)
{
	struct fixture *f = *state;
	const struct token_request what = {.user = "alice", .now = 1900000000, .life_s = 60};
	struct token_keys keys = {0};
	struct token_rules rules = rules_of(f, true);
	struct strbuf text;
	char line[TEXT_SIZE];

	snprintf(line, sizeof(line), "r:%s/rsa.pem\n", unit_folder());
	read_keys(true, line, &keys);
	rules.keys = &keys;
	strbuf_init(&text);
	assert_fails(token_make(&rules, &what, &text, ERR), STATUS_BAD_REQUEST,
		     "the first key, r, is a public key");
	assert_int_equal(text.len, 0);
	strbuf_clear(&text);
	token_keys_clear(&keys);
	token_clear(NULL);
}
