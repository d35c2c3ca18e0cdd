/*
 * Calls zlib's inflate in small pieces, so that the limit is checked before memory is allocated.
 */
#include "base/inflate.h"

#include <limits.h>
#include <zlib.h>

#define PIECE 4096

static enum status run(z_stream *stream, struct strbuf *out, size_t max, struct error *err)
{
	unsigned char piece[PIECE];
	size_t made = 0;
	int code = Z_OK;

	while (code == Z_OK) {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		code = inflate(stream, Z_NO_FLUSH);
		made += sizeof(piece) - stream->avail_out;
		if (made > max)
			return error_set(err, STATUS_BAD_REQUEST,
					 "the data has more than %zu bytes when decompressed", max);
		strbuf_add(out, piece, sizeof(piece) - stream->avail_out);
	}
	if (code == Z_MEM_ERROR || !strbuf_ok(out))
		return error_no_memory(err);
	if (code != Z_STREAM_END || stream->avail_in != 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the data is not exactly one complete zlib stream");
	return STATUS_OK;
}

enum status inflate_zlib(struct strbuf *out, const void *data, size_t len, size_t max,
			 struct error *err)
{
	z_stream stream = {.next_in = (z_const Bytef *)data};

	if (len > UINT_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "the data is too long");
	stream.avail_in = (uInt)len;
	if (inflateInit(&stream) != Z_OK)
		return error_no_memory(err);
	enum status status = run(&stream, out, max, err);
	inflateEnd(&stream);
	return status;
}
