/*
 * Scans a text before cJSON reads it, and refuses input that cJSON would accept although it is not
 * JSON. Internal to json.c.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stddef.h>

#include "base/error.h"

#define JSON_DEPTH_MAX  8    /* levels; no answer that we read has more than five */
#define JSON_VALUES_MAX 2000 /* each value takes memory; answers that we read have fewer values */

struct json_scan {
	size_t len; /* bytes of text after the scan */
	/* number of strings, numbers, words and pairs of brackets; at least the number of values */
	size_t tokens;
};

/*
 * Checks text, which is NUL-terminated and valid UTF-8. Shortens each run of whitespace in place to
 * one character, because cJSON skips whitespace slowly. Returns STATUS_BAD_REQUEST if a token is
 * not accepted. The order of tokens is not checked.
 */
enum status json_scan(char *text, struct json_scan *out, struct error *err);

#endif
