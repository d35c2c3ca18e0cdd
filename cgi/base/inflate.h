/*
 * Decompression with a limit, because a few bytes can expand to gigabytes. The only user of zlib.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Appends the content of a zlib stream (RFC 1950), at most max bytes. STATUS_BAD_REQUEST: not such
 * a stream, cut off, followed by other bytes, or longer than max; the content of out is then
 * undefined.
 */
enum status inflate_zlib(struct strbuf *out, const void *data, size_t len, size_t max,
			 struct error *err);

#endif
