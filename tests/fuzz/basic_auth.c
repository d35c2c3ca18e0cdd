/*
 * An Authorization header. Oracle: what is accepted is UTF-8, and base64 of it is the header again.
 */
#include "fuzz.h"

#include "web/basic_auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *header = fuzz_text(data, size);
	struct basic_auth auth = {0};
	struct strbuf plain, text;

	fuzz_start();
	strbuf_init(&plain);
	strbuf_init(&text);
	if (basic_auth_read(header, &auth, NULL) == STATUS_OK) {
		strbuf_addf(&plain, "%s:%s", auth.name, auth.password);
		codec_base64(&text, (const unsigned char *)plain.data, plain.len);
		ORACLE(utf8_valid(plain.data, plain.len) && strchr(auth.name, ':') == NULL);
		ORACLE(strstr(header, text.data) != NULL);
	}
	strbuf_clear(&plain);
	strbuf_clear(&text);
	basic_auth_clear(&auth);
	free(header);
	return 0;
}
