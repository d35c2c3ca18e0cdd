/*
 * base64 and base64url (RFC 4648), for texts and for secrets: nothing of them is left behind.
 * Decoding takes the one form that encoding makes.
 */
#include <string.h>

#include "base/codec.h"

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define BASE64_CHUNK 48 /* bytes encoded at a time: most are fewer */

/*
 * Three bytes become four characters; a last group of one or two bytes becomes two or three.
 * Returns how many.
 */
static size_t base64_write(char *out, const unsigned char *data, size_t len, const char *alphabet)
{
	size_t written = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)data[i] << 16;

		if (n > 1)
			group |= (uint32_t)data[i + 1] << 8;
		if (n > 2)
			group |= data[i + 2];
		for (size_t k = 0; k <= n; k++)
			out[written++] = alphabet[group >> (18 - 6 * k) & 0x3f];
	}
	return written;
}

static void base64_encode(struct strbuf *out, const unsigned char *data, size_t len,
			  const char *alphabet)
{
	char text[BASE64_CHUNK / 3 * 4];

	for (size_t i = 0, n; i < len; i += n) {
		n = len - i < BASE64_CHUNK ? len - i : BASE64_CHUNK;
		strbuf_add(out, text, base64_write(text, data + i, n, alphabet));
	}
	explicit_bzero(text, sizeof(text)); /* it may have been a secret */
}

void codec_base64(struct strbuf *out, const unsigned char *data, size_t len)
{
	base64_encode(out, data, len, base64_alphabet);
	if (len % 3 > 0)
		strbuf_add(out, "==", 3 - len % 3);
}

void codec_base64url(struct strbuf *out, const unsigned char *data, size_t len)
{
	base64_encode(out, data, len, base64url_alphabet);
}

void codec_base64url_text(char *out, const unsigned char *data, size_t len)
{
	out[base64_write(out, data, len, base64url_alphabet)] = '\0';
}

/* text without padding. Bits left over behind the last byte must be zero (RFC 4648, 3.5). */
static enum status base64_decode(struct strbuf *out, const char *text, size_t len,
				 const char *alphabet)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;

	if (len % 4 == 1)
		return STATUS_BAD_REQUEST;
	for (size_t i = 0; i < len; i++) {
		const char *at = memchr(alphabet, text[i], 64);

		if (at == NULL)
			return STATUS_BAD_REQUEST;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		strbuf_addc(out, (char)(bits >> n_bits & 0xff));
		bits &= (1U << n_bits) - 1;
	}
	if (bits != 0)
		return STATUS_BAD_REQUEST;
	return strbuf_ok(out) ? STATUS_OK : STATUS_INTERNAL;
}

enum status codec_base64_decode(struct strbuf *out, const char *text, size_t len)
{
	size_t padding = 0;

	if (len % 4 != 0)
		return STATUS_BAD_REQUEST;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	return base64_decode(out, text, len - padding, base64_alphabet);
}

enum status codec_base64url_decode(struct strbuf *out, const char *text, size_t len)
{
	return base64_decode(out, text, len, base64url_alphabet);
}
