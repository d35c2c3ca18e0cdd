/*
 * What cJSON is too kind about: a scan that refuses it, before cJSON reads a text. Internal to
 * json.c.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stddef.h>

#include "base/error.h"

#define JSON_DEPTH_MAX  8    /* no answer we read has more than four levels */
#define JSON_VALUES_MAX 2000 /* each takes memory; no answer we read has as many */

struct json_scan {
	size_t len;    /* of the text, as the scan leaves it */
	size_t tokens; /* strings, numbers, words and pairs of brackets: no fewer than values */
};

/*
 * text: NUL-terminated, and valid UTF-8. Blanks that stand together become one in it, for cJSON
 * takes long over each. STATUS_BAD_REQUEST: not JSON as we read it; whether tokens stand in the
 * right order is not looked at.
 */
enum status json_scan(char *text, struct json_scan *out, struct error *err);

#endif
