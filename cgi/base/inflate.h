/*
 * Decompression with a limit, because a few bytes can expand to gigabytes. No other file uses zlib.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Appends the content of a zlib stream (RFC 1950), at most max bytes. Returns STATUS_BAD_REQUEST if
 * data is not such a stream, is cut off, is followed by other bytes, or has more than max bytes of
 * content. The content of out is then undefined.
 */
enum status inflate_zlib(struct strbuf *out, const void *data, size_t len, size_t max,
			 struct error *err);

#endif
