/*
 * Sessions of Django. An input that begins with '=' is a JSON text, which is signed first; one that
 * begins with '.' is a packed one, likewise. Oracle: anything else is accepted only if its
 * signature is right.
 */
#include "fuzz.h"

#include "identity/django_session.h"

#define KEY "a secret key of fifty characters, more or less, so."

/* As django.core.signing: BASE64 ":" TIMESTAMP ":" MAC. */
static void sign(struct strbuf *out, size_t len)
{
	static const char salted[] = "django.contrib.sessions.SessionStoresigner" KEY;
	unsigned char key[SECRET_SHA256_LEN], mac[SECRET_SHA256_LEN];
	const struct secret_part text = {out->data, len};

	secret_sha256(key, salted, strlen(salted));
	secret_hmac(mac, key, &text, 1);
	strbuf_addc(out, ':');
	codec_base64url(out, mac, sizeof(mac));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct django_keys keys = {.items = {KEY}, .count = 1};
	struct django_session session = {0};
	struct strbuf text, again;
	char kind = size > 0 ? (char)data[0] : ' ';

	fuzz_start();
	strbuf_init(&text);
	strbuf_init(&again);
	if (kind == '=' || kind == '.') {
		strbuf_adds(&text, kind == '.' ? "." : "");
		codec_base64url(&text, data + 1, size - 1);
		strbuf_adds(&text, ":1xV93B");
		sign(&text, text.len);
	} else {
		char *given = fuzz_text(data, size);
		strbuf_adds(&text, given);
		free(given);
	}
	enum status status = django_session_read(text.data, &keys, &session, NULL);
	ORACLE((status == STATUS_OK) == (session.user_id != NULL));
	if (status == STATUS_OK) {
		const char *colon = strrchr(text.data, ':');

		strbuf_add(&again, text.data, (size_t)(colon - text.data));
		sign(&again, again.len);
		ORACLE(strcmp(text.data, again.data) == 0);
		ORACLE(django_session_check(&session, "x", &keys, NULL) == STATUS_NOT_FOUND);
	}
	strbuf_clear(&text);
	strbuf_clear(&again);
	django_session_clear(&session);
	return 0;
}
