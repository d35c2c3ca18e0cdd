/*
 * The encodings. Oracles: what is decoded is encoded to the same text (base64 and base64url have
 * one spelling), and every text comes back from its percent escapes.
 */
#include "fuzz.h"

typedef enum status decoder(struct strbuf *out, const char *text, size_t len);
typedef void encoder(struct strbuf *out, const unsigned char *data, size_t len);

static void check_base64(const char *text, size_t len, decoder *decode, encoder *encode)
{
	struct strbuf plain, again;

	strbuf_init(&plain);
	strbuf_init(&again);
	if (decode(&plain, text, len) == STATUS_OK) {
		encode(&again, (const unsigned char *)plain.data, plain.len);
		ORACLE(again.len == len && memcmp(again.data, text, len) == 0);
	}
	strbuf_reset(&plain);
	strbuf_reset(&again);
	encode(&plain, (const unsigned char *)text, len);
	ORACLE(decode(&again, plain.data, plain.len) == STATUS_OK);
	ORACLE(again.len == len && memcmp(again.data, text, len) == 0);
	strbuf_clear(&plain);
	strbuf_clear(&again);
}

static void check_percent(const char *text, size_t len)
{
	struct strbuf out, back;

	strbuf_init(&out);
	strbuf_init(&back);
	for (int plus = 0; plus < 2; plus++) {
		strbuf_reset(&out);
		if (codec_percent_decode(&out, text, len, plus != 0) == STATUS_OK)
			ORACLE(utf8_valid(out.data, out.len) && strlen(out.data) == out.len);
	}
	strbuf_reset(&out);
	codec_percent(&out, text);
	if (utf8_valid(text, strlen(text))) {
		ORACLE(codec_percent_decode(&back, out.data, out.len, true) == STATUS_OK);
		ORACLE(strcmp(back.data, text) == 0);
	}
	strbuf_clear(&out);
	strbuf_clear(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_start();
	ORACLE(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	check_base64(text, size, codec_base64_decode, codec_base64);
	check_base64(text, size, codec_base64url_decode, codec_base64url);
	check_percent(text, strlen(text));
	free(text);
	return 0;
}
