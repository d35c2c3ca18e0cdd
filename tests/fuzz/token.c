/*
 * Tokens of our own format. An input that begins with '=' is a payload, which is signed first, so
 * that claims are reached. Oracle: whatever is accepted has the MAC of its text and no other
 * spelling, and keeps the limits of its claims.
 */
#include "fuzz.h"

#include "identity/token_text.h"

#define NOW 1800000000

/* "v1.k.PAYLOAD." and its MAC, made by the format's definition. */
static char *sign(const char *payload, size_t len, const struct token_key *key)
{
	unsigned char mac[SECRET_SHA256_LEN];
	const struct secret_part secret = {key->secret, key->secret_len};
	const struct secret_part parts[] = {
	    {"prebind-sso-v1", 15 },
            {"k",              1  },
            {payload,          len}
        };
	struct strbuf text;

	secret_hmac_keyed(mac, &secret, parts, 3);
	strbuf_init(&text);
	strbuf_addf(&text, "v1.k.%.*s.", (int)len, payload);
	codec_base64url(&text, mac, sizeof(mac));
	return strbuf_take(&text);
}

static char *sign_json(const uint8_t *json, size_t size, const struct token_key *key)
{
	struct strbuf payload;

	strbuf_init(&payload);
	codec_base64url(&payload, json, size);
	char *text = sign(payload.data, payload.len, key);
	strbuf_clear(&payload);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct token_keys keys = {
	    .items = {{.kid = "k", .secret = "0123456789abcdef0123456789abcdef", .secret_len = 32}},
	    .count = 1};
	const struct token_rules rules = {.keys = &keys, .audience = "a", .user_claim = ""};
	struct token token = {0};

	fuzz_start();
	char *text = size > 0 && data[0] == '=' ? sign_json(data + 1, size - 1, &keys.items[0])
						: fuzz_text(data, size);
	enum status status = token_check(&rules, text, NOW, &token, NULL);
	ORACLE(status == STATUS_OK || status == STATUS_NOT_FOUND ||
	       status == STATUS_BAD_CREDENTIALS);
	if (status != STATUS_BAD_CREDENTIALS) {
		ORACLE(strncmp(text, "v1.k.", 5) == 0);
		char *again = sign(text + 5, strcspn(text + 5, "."), &keys.items[0]);
		ORACLE(strcmp(text, again) == 0);
		free(again);
	}
	if (status == STATUS_OK) {
		ORACLE(token.user[0] != '\0' && strlen(token.user) <= TOKEN_USER_MAX);
		ORACLE(!text_has_control(token.user));
		ORACLE(token.expires > NOW && token.issued <= NOW + TOKEN_SKEW_S);
		ORACLE(token.expires - token.issued <= TOKEN_LIFE_MAX_S);
	}
	token_clear(&token);
	free(text);
	return 0;
}
