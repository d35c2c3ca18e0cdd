/*
 * One-time tokens. Lines: USER, HOST and the token; a token "=EXPIRY" is made first. Oracle: what
 * is accepted is the token that we would make of its expiry and nonce, so it has one spelling.
 */
#include "fuzz.h"

#include "xmpp/login_token.h"

#define NOW 1800000000

static const struct secret_part key = {"0123456789abcdef0123456789abcdef", 32};

static void check(const struct login_token *token, const char *text)
{
	char again[LOGIN_TOKEN_MAX + 1];
	struct strbuf nonce;

	strbuf_init(&nonce);
	ORACLE(codec_base64url_decode(&nonce, token->nonce, strlen(token->nonce)) == STATUS_OK);
	ORACLE(nonce.len == LOGIN_TOKEN_NONCE_BYTES && login_token_has_form(text));
	ORACLE(login_token_make(&key, token, (const unsigned char *)nonce.data, again, NULL) ==
	       STATUS_OK);
	ORACLE(strcmp(text, again) == 0);
	ORACLE(token->expiry > NOW && token->expiry <= NOW + LOGIN_TOKEN_LIFE_MAX_S);
	strbuf_clear(&nonce);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[3], made[LOGIN_TOKEN_MAX + 1];
	struct strbuf read;

	fuzz_start();
	fuzz_lines(data, size, lines, 3);
	struct login_token token = {.user = lines[0], .host = lines[1]};
	const char *text = lines[2];
	if (text[0] == '=') {
		struct login_token wanted = token;

		wanted.expiry = strtoll(text + 1, NULL, 10);
		if (login_token_make(&key, &wanted, (const unsigned char *)"0123456789abcdef", made,
				     NULL) == STATUS_OK)
			text = made;
	}
	if (login_token_check(&key, text, NOW, &token, NULL) == STATUS_OK)
		check(&token, text);
	strbuf_init_secret(&read);
	if (login_key_parse(lines[2], &read, NULL) == STATUS_OK)
		ORACLE(read.len >= LOGIN_KEY_MIN && read.len <= LOGIN_KEY_MAX);
	strbuf_clear(&read);
	fuzz_lines_free(lines, 3);
	return 0;
}
