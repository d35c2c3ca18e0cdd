/*
 * JWTs: the vector of RFC 7515 A.1, and ones made by tests/lib/login_token.mjs.
 */
#include "unit.h"

#include "base/codec.h"
#include "xmpp/jwt.h"

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."

static unsigned char bytes[32]; /* 0, 1, 2 … */
static const struct secret_part key = {bytes, sizeof(bytes)};

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	return secret_start(NULL) == STATUS_OK ? 0 : -1;
}

static struct secret_part part(const char *text)
{
	return (struct secret_part){text, strlen(text)};
}

GROUP(setup, NULL)

TEST(rfc7515_a1)
{
	static const char key_text[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
				       "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
	const struct secret_part header = part("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
	const struct secret_part payload = part("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
						"\"http://example.com/is_root\":true}");
	struct strbuf rfc_key;
	struct strbuf out;

	strbuf_init(&rfc_key);
	strbuf_init(&out);
	assert_ok(codec_base64url_decode(&rfc_key, key_text, strlen(key_text)));
	const struct secret_part whole = {rfc_key.data, rfc_key.len};
	strbuf_adds(&out, "before ");
	jwt_sign(&whole, &header, &payload, &out);
	assert_true(strbuf_ok(&out));
	assert_string_equal(out.data,
			    "before eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
			    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
			    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
			    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	strbuf_clear(&out);
	strbuf_clear(&rfc_key);
}

static void assert_jwt(const struct jwt_claims *claims, const char *expected)
{
	struct strbuf out;

	strbuf_init_secret(&out);
	assert_ok(jwt_make(&key, claims, &out, ERR));
	assert_string_equal(out.data, expected);
	strbuf_clear(&out);
}

TEST(vectors)
{
	struct jwt_claims claims = {
	    .jid = "alice@example.org", .issued = 1700000000, .expires = 1700000060};

	assert_jwt(&claims, HEADER
		   "eyJqaWQiOiJhbGljZUBleGFtcGxlLm9yZyIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwMD"
		   "YwfQ.XgtWDj1Jwhi2p4L1lAc3Zn7LT3_Zfby8UVTSO-i1r1I");
}

/* A name cannot end the claim that it stands in. */
TEST(a_hostile_jid_stays_a_text)
{
	struct jwt_claims claims = {
	    .jid = "a\",\"jid\":\"bob@example.org", .issued = 1, .expires = 2};
	static const char payload[] =
	    "{\"jid\":\"a\\\",\\\"jid\\\":\\\"bob@example.org\",\"iat\":1,\"exp\":2}";
	struct strbuf out;
	struct strbuf inside;

	strbuf_init(&out);
	strbuf_init(&inside);
	assert_ok(jwt_make(&key, &claims, &out, ERR));
	const char *text = out.data + strlen(HEADER);
	assert_ok(codec_base64url_decode(&inside, text, strcspn(text, ".")));
	assert_string_equal(inside.data, payload);
	strbuf_clear(&inside);
	strbuf_clear(&out);
}
