/*
 * Encodings and escapes, one function per context: pure, no allocation but through strbuf.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool utf8_valid(const char *data, size_t len);

/* The first character of data: its length in bytes (1 to 4), 0 if it is not valid or len is 0. */
size_t utf8_decode(const char *data, size_t len, uint32_t *out);

/* True if a byte below 0x20, or 0x7F, is in the text. */
bool text_has_control(const char *text);

/* A number's decimal digits, NUL-terminated, somewhere in the buffer. Async-signal-safe. */
#define CODEC_DECIMAL_SIZE 21 /* a sign, 19 digits, NUL */
const char *codec_decimal(char buffer[CODEC_DECIMAL_SIZE], long long number);

/* HTML text and double-quoted attributes: & < > " ' */
void codec_html(struct strbuf *out, const char *text);

/* XML text and quoted attributes: & < > " ' ; the caller has refused control characters. */
void codec_xml(struct strbuf *out, const char *text);

/*
 * The next character of a text as JSON string content: at most CODEC_JSON_CHAR_MAX bytes of
 * printable ASCII without < > & ', not terminated. Moves *text on; a byte that is not UTF-8
 * becomes \ufffd. Returns the length, 0 at the end of the text.
 */
#define CODEC_JSON_CHAR_MAX 12 /* two \uXXXX */
size_t codec_json_char(char out[CODEC_JSON_CHAR_MAX], const char **text);

/* How many bytes from here on codec_json_char would leave as they are. */
size_t codec_json_plain(const char *text);

/* One query value: everything but RFC 3986's unreserved characters as %XX. */
void codec_percent(struct strbuf *out, const char *text);

/* A path: its slashes stay. */
void codec_percent_path(struct strbuf *out, const char *path);

/*
 * Decodes %XX (and '+' as a space where plus is true: forms). STATUS_BAD_REQUEST for a broken
 * escape, a NUL or invalid UTF-8; then out holds rubbish.
 */
enum status codec_percent_decode(struct strbuf *out, const char *text, size_t len, bool plus);

void codec_hex(struct strbuf *out, const unsigned char *data, size_t len); /* lower case */

void codec_base64(struct strbuf *out, const unsigned char *data,
		  size_t len); /* RFC 4648 4, padded */
void codec_base64url(struct strbuf *out, const unsigned char *data,
		     size_t len); /* RFC 4648 5, no padding */

/* The same into an array of CODEC_BASE64URL_LEN(len) characters and a NUL. */
#define CODEC_BASE64URL_LEN(len) (((len)*4 + 2) / 3)
void codec_base64url_text(char *out, const unsigned char *data, size_t len);

/*
 * Canonical forms only: no blanks, no wrong padding, no stray trailing bits, no other alphabet.
 * STATUS_BAD_REQUEST otherwise.
 */
enum status codec_base64_decode(struct strbuf *out, const char *text, size_t len);
enum status codec_base64url_decode(struct strbuf *out, const char *text, size_t len);

#endif
