/*
 * Decompression, bounded: a few bytes can become gigabytes. The only user of zlib.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Appends what a zlib stream (RFC 1950) holds, at most max bytes of it. STATUS_BAD_REQUEST: no such
 * stream, cut off, something behind it, or more than max bytes; then out holds rubbish.
 */
enum status inflate_zlib(struct strbuf *out, const void *data, size_t len, size_t max,
			 struct error *err);

#endif
