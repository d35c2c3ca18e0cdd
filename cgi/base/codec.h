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
 * Decodes the first character of data. Returns its length in bytes (1 to 4); 0 if it is invalid or
 * len is 0.
 */
size_t utf8_decode(const char *data, size_t len, uint32_t *out);

/* True if the text contains a byte below 0x20 or a 0x7F. */
bool text_has_control(const char *text);

/*
 * True if the text contains one of & < > " ', which have a meaning in XML and HTML. A resource with
 * one of them breaks the user's BOSH stream at Tigase, even if it is escaped.
 */
bool text_has_markup(const char *text);

/*
 * Writes a number in decimal, NUL-terminated; returns its start inside buffer. Async-signal-safe.
 */
#define CODEC_DECIMAL_SIZE 21 /* a sign, 19 digits, NUL */
const char *codec_decimal(char buffer[CODEC_DECIMAL_SIZE], long long number);

/* For HTML text and double-quoted attributes: escapes & < > " ' */
void codec_html(struct strbuf *out, const char *text);

/*
 * For XML text and quoted attributes: escapes & < > " ' ; the caller must refuse control
 * characters.
 */
void codec_xml(struct strbuf *out, const char *text);

/*
 * Writes the next character of a text as content of a JSON string: at most CODEC_JSON_CHAR_MAX
 * bytes of printable ASCII without < > & ', not terminated. Advances *text. A byte that is not
 * UTF-8 becomes \ufffd. Returns the length; 0 at the end of the text.
 */
#define CODEC_JSON_CHAR_MAX 12 /* two \uXXXX */
size_t codec_json_char(char out[CODEC_JSON_CHAR_MAX], const char **text);

/* Returns how many of the next bytes codec_json_char would leave unchanged. */
size_t codec_json_plain(const char *text);
/* The bytes, read as unsigned, that codec_json_char leaves unchanged. NUL is not one. */
extern const bool codec_json_is_plain[256];

/* For a value in a query: all characters except RFC 3986's unreserved ones become %XX. */
void codec_percent(struct strbuf *out, const char *text);

/* For a path: the same, but slashes stay. */
void codec_percent_path(struct strbuf *out, const char *path);

/*
 * Decodes %XX; with plus, also '+' as a space (forms). STATUS_BAD_REQUEST: a malformed escape, a
 * NUL or invalid UTF-8; the content of out is then undefined.
 */
enum status codec_percent_decode(struct strbuf *out, const char *text, size_t len, bool plus);

void codec_hex(struct strbuf *out, const unsigned char *data, size_t len); /* lower case */

void codec_base64(struct strbuf *out, const unsigned char *data,
		  size_t len); /* RFC 4648, 4; padded */
void codec_base64url(struct strbuf *out, const unsigned char *data,
		     size_t len); /* RFC 4648, 5; no padding */

/* As codec_base64url, into an array of CODEC_BASE64URL_LEN(len) + 1 bytes, which gets a NUL. */
#define CODEC_BASE64URL_LEN(len) (((len)*4 + 2) / 3)
void codec_base64url_text(char *out, const unsigned char *data, size_t len);

/*
 * Accept canonical forms only: no blanks, wrong padding, stray trailing bits or other alphabet.
 * STATUS_BAD_REQUEST otherwise.
 */
enum status codec_base64_decode(struct strbuf *out, const char *text, size_t len);
enum status codec_base64url_decode(struct strbuf *out, const char *text, size_t len);

#endif
