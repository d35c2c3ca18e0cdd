/*
 * JWTs: the vector of RFC 7515 A.1, and ones made by tests/lib/login_token.mjs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/codec.h"
#include "xmpp/jwt.h"

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."

static unsigned char bytes[32]; /* 0, 1, 2 … */
static const struct secret_part key = {bytes, sizeof bytes};

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	return secret_start(NULL) == STATUS_OK ? 0 : -1;
}

static struct secret_part part(const char *text)
{
	return (struct secret_part){text, strlen(text)};
}

static void rfc7515_a1(void **state)
{
	static const char key_text[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
				       "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
	const struct secret_part header = part("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
	const struct secret_part payload = part("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
						"\"http://example.com/is_root\":true}");
	struct strbuf rfc_key;
	struct strbuf out;

	(void)state;
	strbuf_init(&rfc_key);
	strbuf_init(&out);
	assert_int_equal(codec_base64url_decode(&rfc_key, key_text, strlen(key_text)), STATUS_OK);
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
	assert_int_equal(jwt_make(&key, claims, &out, NULL), STATUS_OK);
	assert_string_equal(out.data, expected);
	strbuf_clear(&out);
}

static void vectors(void **state)
{
	struct jwt_claims claims = {
	    .jid = "alice@example.org", .issued = 1700000000, .expires = 1700000060};

	(void)state;
	assert_jwt(&claims, HEADER
		   "eyJqaWQiOiJhbGljZUBleGFtcGxlLm9yZyIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwMD"
		   "YwfQ.XgtWDj1Jwhi2p4L1lAc3Zn7LT3_Zfby8UVTSO-i1r1I");
}

/* A name cannot end the claim that it stands in. */
static void a_hostile_jid_stays_a_text(void **state)
{
	struct jwt_claims claims = {
	    .jid = "a\",\"jid\":\"bob@example.org", .issued = 1, .expires = 2};
	static const char payload[] =
	    "{\"jid\":\"a\\\",\\\"jid\\\":\\\"bob@example.org\",\"iat\":1,\"exp\":2}";
	struct strbuf out;
	struct strbuf inside;

	(void)state;
	strbuf_init(&out);
	strbuf_init(&inside);
	assert_int_equal(jwt_make(&key, &claims, &out, NULL), STATUS_OK);
	const char *text = out.data + strlen(HEADER);
	assert_int_equal(codec_base64url_decode(&inside, text, strcspn(text, ".")), STATUS_OK);
	assert_string_equal(inside.data, payload);
	strbuf_clear(&inside);
	strbuf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc7515_a1),
	    cmocka_unit_test(vectors),
	    cmocka_unit_test(a_hostile_jid_stays_a_text),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
