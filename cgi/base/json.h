/*
 * Reads and writes JSON. Reading is stricter than cJSON: one value and nothing after it, valid
 * UTF-8, no NUL, no duplicate keys, a depth of at most 8, at most 2000 values. Keys are
 * case-sensitive. The writer's output is safe inside <script type="application/json">, because < >
 * & ' and everything that is not printable ASCII become \uXXXX. No other code uses cJSON.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

struct json; /* a parsed value; the root value of its document owns it */

/*
 * Parses a text. The caller frees *out, the root, with json_free. If the status is
 * STATUS_BAD_REQUEST, err->text says what is wrong with the text.
 */
enum status json_parse(const char *data, size_t len, struct json **out, struct error *err);
void json_free(struct json *root);

/*
 * Return a member or an element, or NULL if there is none. Here and below, the argument can be
 * NULL.
 */
const struct json *json_member(const struct json *object, const char *key);
const struct json *json_first(const struct json *array_or_object);
const struct json *json_next(const struct json *element);
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_null(const struct json *value);

/* Returns the string, or NULL if the value is not a string. */
const char *json_string(const struct json *value);

/*
 * Reads a whole number that a double holds exactly (|n| below 2^53). Returns false if the value is
 * anything else.
 */
bool json_integer(const struct json *value, long long *out);

/*
 * Rounds a number down to a whole number. Returns false if the value is not a number, or is outside
 * the limits of json_integer.
 */
bool json_floor(const struct json *value, long long *out);

/*
 * The writer. It adds commas and quotes. Inside arrays and at the top level, pass NULL as the key.
 */
struct json_writer {
	struct strbuf *out; /* borrowed */
	bool comma;
};
void json_writer_init(struct json_writer *w, struct strbuf *out);
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *key);
void json_close_array(struct json_writer *w);
/* If value is NULL, writes null. */
void json_put_string(struct json_writer *w, const char *key, const char *value);
void json_put_integer(struct json_writer *w, const char *key, long long value);
void json_put_bool(struct json_writer *w, const char *key, bool value);

#endif
