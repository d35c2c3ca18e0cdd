/*
 * Encodings and escapes, one function for each context. All functions treat bytes as unsigned and
 * ignore the locale, so the result is the same on every machine.
 */
#include <string.h>

#include "base/codec.h"

static const char hex_digits[] = "0123456789abcdef";
static const char hex_digits_upper[] = "0123456789ABCDEF";

/* ---- UTF-8 ---- */

size_t utf8_decode(const char *data, size_t len, uint32_t *out)
{
	/*
	 * The smallest valid code point for each length in bytes. A smaller code point is overlong
	 * (RFC 3629, 3).
	 */
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)data;
	size_t n;
	uint32_t code;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > len)
		return 0;
	code = p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fU);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out = code;
	return n;
}

/*
 * Returns how many bytes at the start are ASCII, rounded down to a multiple of eight, so the next
 * bytes can be ASCII too. Most text is ASCII, so checking eight bytes at once saves time.
 */
static size_t ascii_prefix(const char *data, size_t len)
{
	uint64_t eight;
	size_t n;

	for (n = 0; len - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, data + n, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	return n;
}

bool utf8_valid(const char *data, size_t len)
{
	uint32_t code;

	for (size_t i = ascii_prefix(data, len), n; i < len; i += n) {
		n = (unsigned char)data[i] < 0x80 ? 1 : utf8_decode(data + i, len - i, &code);
		if (n == 0)
			return false;
	}
	return true;
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/*
 * Checks eight bytes at once. The first subtraction sets the high bit of each byte below 0x20. The
 * xor turns a byte that is 0x7f into 0, and the second subtraction sets its high bit. A borrow can
 * only change bytes above a byte that was found already.
 */
static bool has_control(uint64_t eight)
{
	const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
	uint64_t deletes = eight ^ 0x7f * ones;

	return (((eight - 0x20 * ones) & ~eight) | ((deletes - ones) & ~deletes)) & high;
}

bool text_has_control(const char *text)
{
	size_t len = strlen(text), n = 0;
	uint64_t eight;

	for (; len - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, text + n, sizeof(eight));
		if (has_control(eight))
			return true;
	}
	for (; n < len; n++)
		if (is_control((unsigned char)text[n]))
			return true;
	return false;
}

const char *codec_decimal(char buffer[CODEC_DECIMAL_SIZE], long long number)
{
	unsigned long long left = (unsigned long long)number;
	char *at = buffer + CODEC_DECIMAL_SIZE - 1;

	if (number < 0)
		left = 0 - left;
	*at = '\0';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--at = '-';
	return at;
}

/* ---- markup and JSON ---- */

static const char markup[] = "&<>\"'";

bool text_has_markup(const char *text)
{
	return text[strcspn(text, markup)] != '\0';
}

/* HTML and XML use the same entities, except for the apostrophe. */
static void escape_markup(struct strbuf *out, const char *text, const char *apostrophe)
{
	for (size_t n; *text != '\0'; text++) {
		n = strcspn(text, markup);
		strbuf_add(out, text, n);
		text += n;
		switch (*text) {
		case '&':
			strbuf_adds(out, "&amp;");
			break;
		case '<':
			strbuf_adds(out, "&lt;");
			break;
		case '>':
			strbuf_adds(out, "&gt;");
			break;
		case '"':
			strbuf_adds(out, "&quot;");
			break;
		case '\'':
			strbuf_adds(out, apostrophe);
			break;
		default: /* end of text */
			return;
		}
	}
}

void codec_html(struct strbuf *out, const char *text)
{
	escape_markup(out, text, "&#39;");
}

void codec_xml(struct strbuf *out, const char *text)
{
	escape_markup(out, text, "&apos;");
}

static size_t put_unicode_escape(char *out, uint32_t unit)
{
	out[0] = '\\';
	out[1] = 'u';
	for (unsigned i = 0; i < 4; i++)
		out[2 + i] = hex_digits[unit >> (12 - 4 * i) & 0xf];
	return 6;
}

/*
 * True for printable ASCII except & < > \ ' and ". The exceptions need an escape in a JSON string
 * inside a page.
 */
const bool codec_json_is_plain[256] = {
    [0x20 ... 0x21] = true, [0x23 ... 0x25] = true, [0x28 ... 0x3b] = true,
    [0x3d] = true,          [0x3f ... 0x5b] = true, [0x5d ... 0x7e] = true,
};

size_t codec_json_plain(const char *text)
{
	size_t n = 0;

	while (codec_json_is_plain[(unsigned char)text[n]])
		n++;
	return n;
}

size_t codec_json_char(char out[CODEC_JSON_CHAR_MAX], const char **text)
{
	uint32_t code;
	size_t n = utf8_decode(*text, strnlen(*text, 4), &code);

	if (**text == '\0')
		return 0;
	if (n == 0) {
		*text += 1;
		return put_unicode_escape(out, 0xfffd);
	}
	*text += n;
	if (code == '"' || code == '\\') {
		out[0] = '\\';
		out[1] = (char)code;
		return 2;
	}
	if (code < 0x80 && codec_json_is_plain[code]) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x10000)
		return put_unicode_escape(out, code);
	n = put_unicode_escape(out, 0xd7c0 + (code >> 10)); /* RFC 8259, 7: a surrogate pair */
	return n + put_unicode_escape(out + n, 0xdc00 | (code & 0x3ff));
}

/* ---- percent and hex ---- */

static bool is_unreserved(char c) /* RFC 3986, 2.3 */
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void escape_percent(struct strbuf *out, const char *text, bool slashes_stay)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		char escaped[3] = {'%', hex_digits_upper[c >> 4], hex_digits_upper[c & 0xf]};

		if (is_unreserved(*text) || (c == '/' && slashes_stay))
			strbuf_addc(out, *text);
		else
			strbuf_add(out, escaped, sizeof(escaped));
	}
}

void codec_percent(struct strbuf *out, const char *text)
{
	escape_percent(out, text, false);
}

void codec_percent_path(struct strbuf *out, const char *path)
{
	escape_percent(out, path, true);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes the escape %XX at text. Returns its byte, or -1 if the escape is malformed. */
static int percent_byte(const char *text, size_t left)
{
	if (left < 3 || hex_value(text[1]) < 0 || hex_value(text[2]) < 0)
		return -1;
	return hex_value(text[1]) << 4 | hex_value(text[2]);
}

enum status codec_percent_decode(struct strbuf *out, const char *text, size_t len, bool plus)
{
	size_t before = out->len;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			c = percent_byte(text + i, len - i);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c <= 0) /* a malformed escape, or a NUL */
			return STATUS_BAD_REQUEST;
		strbuf_addc(out, (char)c);
	}
	if (!strbuf_ok(out))
		return STATUS_INTERNAL;
	return utf8_valid(out->data + before, out->len - before) ? STATUS_OK : STATUS_BAD_REQUEST;
}

void codec_hex(struct strbuf *out, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		strbuf_addc(out, hex_digits[data[i] >> 4]);
		strbuf_addc(out, hex_digits[data[i] & 0xf]);
	}
}
