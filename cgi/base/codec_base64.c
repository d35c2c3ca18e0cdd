/*
 * base64 and base64url (RFC 4648) with libsodium. The run time does not depend on the bytes, so the
 * bytes can be secret. Decoding accepts only the form that encoding produces.
 */
#include <string.h>

#include "base/codec.h"
#include "base/sodium.h"

#define BASE64    sodium_base64_VARIANT_ORIGINAL
#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void encode(struct strbuf *out, const unsigned char *data, size_t len, int variant)
{
	size_t size = sodium_base64_encoded_len(len, variant); /* includes the NUL */

	strbuf_reserve(out, size);
	if (!strbuf_ok(out) || out->size - out->len < size) {
		out->full |= strbuf_ok(out); /* it failed because of max, not for lack of memory */
		out->failed = true;
		return;
	}
	sodium_bin2base64(out->data + out->len, size, data, len, variant);
	out->len += size - 1;
}

void codec_base64(struct strbuf *out, const unsigned char *data, size_t len)
{
	encode(out, data, len, BASE64);
}

void codec_base64url(struct strbuf *out, const unsigned char *data, size_t len)
{
	encode(out, data, len, BASE64URL);
}

void codec_base64url_text(char *out, const unsigned char *data, size_t len)
{
	sodium_bin2base64(out, CODEC_BASE64URL_LEN(len) + 1, data, len, BASE64URL);
}

/* Returns the number of bytes that a canonical text decodes to. */
static size_t decoded_len(const char *text, size_t len)
{
	for (int padding = 0; padding < 2 && len > 0 && text[len - 1] == '='; padding++)
		len--;
	return len / 4 * 3 + len % 4 * 3 / 4;
}

/*
 * libsodium 1.0.18 accepts bytes of 0x80 and above as letters, so the same data would have many
 * encodings.
 */
static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

static enum status decode(struct strbuf *out, const char *text, size_t len, int variant)
{
	size_t size = decoded_len(text, len), written = 0;

	if (!is_ascii(text, len))
		return STATUS_BAD_REQUEST;
	strbuf_reserve(out, size);
	if (!strbuf_ok(out) || out->size - out->len < size + 1) {
		out->full |= strbuf_ok(out);
		out->failed = true;
		return STATUS_INTERNAL;
	}
	if (sodium_base642bin((unsigned char *)out->data + out->len, size, text, len, NULL,
			      &written, NULL, variant) != 0 ||
	    written != size)
		return STATUS_BAD_REQUEST;
	out->len += written;
	out->data[out->len] = '\0';
	return STATUS_OK;
}

enum status codec_base64_decode(struct strbuf *out, const char *text, size_t len)
{
	return decode(out, text, len, BASE64);
}

enum status codec_base64url_decode(struct strbuf *out, const char *text, size_t len)
{
	return decode(out, text, len, BASE64URL);
}
