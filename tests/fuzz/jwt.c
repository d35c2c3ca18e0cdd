/*
 * JSON Web Tokens of a site: HS256, RS256 and ES256. An input that begins with '=' is a header and,
 * after a newline, a payload, which are signed with the shared key. Oracle: only that key's MAC
 * makes a token valid, because nobody has the private keys; and claims keep their limits.
 */
#include "fuzz.h"

#include "identity/token_text.h"
#include "xmpp/jwt.h"

#define NOW       1800000000
#define PEM(text) "-----BEGIN PUBLIC KEY-----\n" text "\n-----END PUBLIC KEY-----\n"

static const char p256[] = PEM("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETpNO4QzkZkQikQqlOueybfx5aFeu\n"
			       "9r8L2c2CJeHOJ6X1IWg+vAh0mORvGRGqkZUfCqEfAooh01QhEF74iHyyLA==");
static const char rsa[] = PEM("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAphItZ55nEP1tbK32zeBN\n"
			      "R9MwSQb3+nTCfHLtc9N4YcdB4Nj5n1mmDFUffFKsFbOnEf+jJyAHGrcZiNOjwabA\n"
			      "tZbU95gb53tW/xE7xMRWoANuYF+Z0Lt3BUkTEhKm7SHZPNTpPw0HukXCoz2zUZad\n"
			      "UHzrx/EOM69qBvEoGK01wMlAB4y+H5Mw3hZp9sDPaIraOFkhFll2EzdxYYGB+bxq\n"
			      "w2KTQ9FF9d0/4D/QQNsK+RZZXYReWr6B2RofHGjQkMZW0GXrts3zt5mt4y42H/Sa\n"
			      "csaXXtmyzxRcxVFPqOnLGWC8HL0KkAFEI85lVqCbhvqdpd1DSi0VNh/vgq2kT+cY\n"
			      "cQIDAQAB");

static const struct secret_part shared = {"0123456789abcdef0123456789abcdef", 32};

static const struct token_keys *keys_get(void)
{
	static struct token_keys keys = {
	    .items = {{.kid = "h"}, {.kid = "r"}, {.kid = "e"}}
        };

	if (keys.count > 0)
		return &keys;
	keys.items[0].secret_len = shared.len;
	memcpy(keys.items[0].secret, shared.data, shared.len);
	ORACLE(public_key_parse(rsa, strlen(rsa), &keys.items[1].pem, NULL) == STATUS_OK);
	ORACLE(public_key_parse(p256, strlen(p256), &keys.items[2].pem, NULL) == STATUS_OK);
	keys.count = 3;
	return &keys;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token token = {0};
	char *lines[2];
	struct strbuf text;

	fuzz_start();
	const struct token_rules rules = {TOKEN_FORMAT_JWT, keys_get(), "a", ""};
	bool sign = size > 0 && data[0] == '=';
	fuzz_lines(sign ? data + 1 : data, sign ? size - 1 : size, lines, sign ? 2 : 1);
	strbuf_init(&text);
	if (sign)
		jwt_sign(&shared, &(struct secret_part){lines[0], strlen(lines[0])},
			 &(struct secret_part){lines[1], strlen(lines[1])}, &text);
	enum status status = token_check(&rules, sign ? text.data : lines[0], NOW, &token, NULL);
	ORACLE(sign || status == STATUS_BAD_CREDENTIALS);
	ORACLE(status != STATUS_OK || (token.user[0] != '\0' && !text_has_control(token.user)));
	ORACLE(status != STATUS_OK || (token.expires > NOW && token.issued <= NOW + TOKEN_SKEW_S));
	strbuf_clear(&text);
	token_clear(&token);
	fuzz_lines_free(lines, sign ? 2 : 1);
	return 0;
}
