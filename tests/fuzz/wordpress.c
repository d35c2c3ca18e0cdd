/*
 * WordPress's login cookie. Lines: the cookie, the hash of the user's password, and the user's
 * sessions. A cookie that ends in 'z' gets the right signature. Oracle: a login counts only if the
 * signature is right, the cookie has not expired, and the sessions name its token.
 */
#include "fuzz.h"

#include "base/crypto.h"
#include "identity/wordpress_cookie.h"

#define NOW 1800000000
#define KEY "a key and a salt"

static void mac(enum digest_kind kind, const char *key, const char *text, struct strbuf *out)
{
	unsigned char bytes[DIGEST_LEN_MAX];

	ORACLE(digest_hmac(kind, &(struct secret_part){key, strlen(key)},
			   &(struct secret_part){text, strlen(text)}, bytes));
	codec_hex(out, bytes, digest_len(kind));
}

/* As wp_generate_auth_cookie, for a hash that begins with $P$: its bytes 8 to 11 are signed. */
static void sign(const struct wordpress_cookie *cookie, const char *hash, struct strbuf *out)
{
	struct strbuf text, key;

	strbuf_init(&text);
	strbuf_init(&key);
	strbuf_addf(&text, "%s|%.4s|%s|%s", cookie->user, strlen(hash) > 8 ? hash + 8 : "",
		    cookie->expiration, cookie->token);
	mac(DIGEST_MD5, KEY, text.data, &key);
	strbuf_reset(&text);
	strbuf_addf(&text, "%s|%s|%s", cookie->user, cookie->expiration, cookie->token);
	mac(DIGEST_SHA256, key.data, text.data, out);
	strbuf_clear(&text);
	strbuf_clear(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wordpress_cookie cookie = {0};
	struct strbuf expected;
	char *lines[3];

	fuzz_start();
	fuzz_lines(data, size, lines, 3);
	strbuf_init(&expected);
	size_t len = strlen(lines[0]);
	if (wordpress_cookie_read(lines[0], &cookie, NULL) == STATUS_OK) {
		const struct wordpress_user user = {lines[1], lines[2]};

		sign(&cookie, lines[1], &expected);
		if (len > 0 && lines[0][len - 1] == 'z')
			cookie.mac = expected.data;
		enum status status = wordpress_cookie_check(&cookie, KEY, &user, NOW, NULL);
		if (status == STATUS_OK) {
			ORACLE(cookie.ends >= NOW && strstr(lines[2], "expiration") != NULL);
			ORACLE(strncmp(lines[1], "$P$", 3) != 0 ||
			       strcmp(cookie.mac, expected.data) == 0);
		}
	}
	strbuf_clear(&expected);
	wordpress_cookie_clear(&cookie);
	fuzz_lines_free(lines, 3);
	return 0;
}
