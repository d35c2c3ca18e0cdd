/*
 * Reads and writes packets. The input can come in pieces of any size. Each byte is read once. The
 * length that a packet announces never causes an allocation.
 */
#include "extauth/packet.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"

/* Returns false at the end of the input. A descriptor that cannot be read counts as the end. */
static bool next_byte(struct packet_stream *stream, unsigned char *out)
{
	if (stream->next == stream->len) {
		ssize_t n;

		secret_wipe(stream->buffer, stream->len);
		stream->next = stream->len = 0;
		do
			n = read(stream->in, stream->buffer, sizeof(stream->buffer));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return false;
		stream->len = (size_t)n;
	}
	*out = stream->buffer[stream->next++];
	return true;
}

/* Drops bytes beyond the limit, but counts them. */
static void keep(struct packet *packet, unsigned char byte)
{
	if (packet->len < PACKET_MAX)
		packet->text[packet->len] = (char)byte;
	packet->len++;
}

static enum packet_result finish(struct packet *packet)
{
	if (packet->len > PACKET_MAX) {
		packet_wipe(packet);
		return PACKET_TOO_LONG;
	}
	packet->text[packet->len] = '\0';
	return PACKET_READ;
}

static enum packet_result read_length(struct packet_stream *stream, struct packet *packet)
{
	unsigned char high, low, byte;

	if (!next_byte(stream, &high))
		return PACKET_END;
	if (!next_byte(stream, &low))
		return PACKET_CUT;
	size_t announced = (size_t)high << 8 | low;
	while (packet->len < announced) {
		if (!next_byte(stream, &byte))
			return PACKET_CUT;
		keep(packet, byte);
	}
	return finish(packet);
}

static enum packet_result read_line(struct packet_stream *stream, struct packet *packet)
{
	unsigned char byte;

	while (next_byte(stream, &byte)) {
		if (byte == '\n')
			return finish(packet);
		keep(packet, byte);
	}
	return packet->len == 0 ? PACKET_END : PACKET_CUT;
}

enum packet_result packet_read(struct packet_stream *stream, struct packet *out)
{
	out->len = 0;
	return stream->framing == PACKET_LENGTH ? read_length(stream, out) : read_line(stream, out);
}

void packet_wipe(struct packet *packet)
{
	secret_wipe(packet->text, sizeof(packet->text));
	packet->len = 0;
}

bool packet_answer(const struct packet_stream *stream, bool yes)
{
	const char counted[] = {0, 2, 0, yes ? 1 : 0};
	const char line[] = {yes ? '1' : '0', '\n'};
	const char *data = stream->framing == PACKET_LENGTH ? counted : line;
	size_t len = stream->framing == PACKET_LENGTH ? sizeof(counted) : sizeof(line);

	return file_write(stream->out, data, len);
}

/* ---- the text ---- */

/*
 * Returns the text of *rest before its next colon, and replaces the colon with a NUL. Moves *rest
 * past the colon, or sets it to NULL if there is no colon.
 */
static char *field(char **rest)
{
	char *text = *rest;
	char *colon = text != NULL ? strchr(text, ':') : NULL;

	if (colon != NULL)
		*colon = '\0';
	*rest = colon != NULL ? colon + 1 : NULL;
	return text;
}

bool question_parse(struct packet *packet, struct question *out)
{
	struct question question = {.verb = QUESTION_OTHER};
	char *rest = packet->text;

	if (packet->len == 0 || memchr(packet->text, '\0', packet->len) != NULL)
		return false;
	question.name = field(&rest);
	if (rest == NULL)
		return false;
	bool auth = strcmp(question.name, "auth") == 0;
	if (auth || strcmp(question.name, "isuser") == 0) {
		question.verb = auth ? QUESTION_AUTH : QUESTION_ISUSER;
		question.user = field(&rest);
		question.host = auth ? field(&rest) : rest;
		question.password = auth ? rest : NULL;
		if (question.host == NULL || (auth && question.password == NULL))
			return false;
	}
	*out = question;
	return true;
}
