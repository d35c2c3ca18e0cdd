/*
 * Encodings and escapes, one function for each context. Pure; only strbuf allocates.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"

/* True for valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool utf8_valid(const char *data, size_t len);

/*
 * Decodes the first character of data. Returns the character's length in bytes (1 to 4), or 0 if
 * the character is invalid or len is 0.
 */
size_t utf8_decode(const char *data, size_t len, uint32_t *out);

/* True if the text contains a byte below 0x20 or a 0x7F. */
bool text_has_control(const char *text);

/*
 * True if the text contains any of & < > " ', which have a meaning in XML and HTML. Such a
 * character in a resource, even if escaped, breaks the user's BOSH stream at Tigase.
 */
bool text_has_markup(const char *text);

/*
 * Writes a number in decimal, with a NUL at its end. Returns a pointer to its first character,
 * which is somewhere inside buffer. Async-signal-safe.
 */
#define CODEC_DECIMAL_SIZE 21 /* a sign, 19 digits, NUL */
const char *codec_decimal(char buffer[CODEC_DECIMAL_SIZE], long long number);

/* For HTML text and double-quoted attributes: escapes & < > " and '. */
void codec_html(struct strbuf *out, const char *text);

/*
 * For XML text and quoted attributes: escapes & < > " and '. The caller must refuse control
 * characters.
 */
void codec_xml(struct strbuf *out, const char *text);

/*
 * Writes the next character of *text as it appears in a JSON string: at most CODEC_JSON_CHAR_MAX
 * bytes of printable ASCII without < > & '. Adds no NUL. Advances *text. A byte that is not UTF-8
 * becomes \ufffd. Returns the number of bytes that were written, 0 at the end of the text.
 */
#define CODEC_JSON_CHAR_MAX 12 /* two \uXXXX */
size_t codec_json_char(char out[CODEC_JSON_CHAR_MAX], const char **text);

/* Returns how many of the next bytes codec_json_char would leave unchanged. */
size_t codec_json_plain(const char *text);
/*
 * Has an entry for each value of an unsigned char: true if codec_json_char leaves that byte
 * unchanged, false for NUL.
 */
extern const bool codec_json_is_plain[256];

/*
 * For a value in a query. All characters except the unreserved characters of RFC 3986 become %XX.
 */
void codec_percent(struct strbuf *out, const char *text);

/* For a path: like codec_percent, but leaves slashes unchanged. */
void codec_percent_path(struct strbuf *out, const char *path);

/*
 * Decodes %XX. If `plus` is true, '+' becomes a space, as in forms. Returns STATUS_BAD_REQUEST for
 * a malformed escape, a NUL or invalid UTF-8. The content of out is then undefined.
 */
enum status codec_percent_decode(struct strbuf *out, const char *text, size_t len, bool plus);

void codec_hex(struct strbuf *out, const unsigned char *data, size_t len); /* lower case */

void codec_base64(struct strbuf *out, const unsigned char *data,
		  size_t len); /* RFC 4648, 4; padded */
void codec_base64url(struct strbuf *out, const unsigned char *data,
		     size_t len); /* RFC 4648, 5; no padding */

/*
 * Like codec_base64url, but writes to an array of CODEC_BASE64URL_LEN(len) + 1 bytes and adds a
 * NUL.
 */
#define CODEC_BASE64URL_LEN(len) (((len)*4 + 2) / 3)
void codec_base64url_text(char *out, const unsigned char *data, size_t len);

/*
 * The next two functions accept only the canonical form. They return STATUS_BAD_REQUEST for
 * whitespace, wrong padding, trailing bits that are not zero, or characters of another alphabet.
 */
enum status codec_base64_decode(struct strbuf *out, const char *text, size_t len);
enum status codec_base64url_decode(struct strbuf *out, const char *text, size_t len);

#endif
