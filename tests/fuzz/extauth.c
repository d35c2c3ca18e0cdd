/*
 * What an XMPP server sends to prebind-extauth. The first byte is the framing. Oracles: reading
 * ends, a question's parts are texts of the packet, and one with a NUL or a part that is missing is
 * none.
 */
#include "fuzz.h"

#include "extauth/packet.h"

static void check(struct packet *packet)
{
	struct question question = {.verb = QUESTION_OTHER};
	bool nul = strlen(packet->text) < packet->len;
	char *copy = fuzz_text(packet->text, packet->len);

	ORACLE(packet->len <= PACKET_MAX);
	if (question_parse(packet, &question)) {
		const char *end = packet->text + packet->len;

		ORACLE(!nul && question.name >= packet->text && question.name <= end);
		if (question.verb != QUESTION_OTHER) {
			ORACLE(question.user > packet->text && question.user <= end);
			ORACLE(question.host > question.user && question.host <= end);
			ORACLE(strchr(question.user, ':') == NULL);
			ORACLE(strstr(copy, question.user) != NULL);
		}
		if (question.verb == QUESTION_AUTH)
			ORACLE(question.password > question.host && question.password <= end);
	}
	free(copy);
	packet_wipe(packet);
	ORACLE(packet->text[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet;
	enum packet_result result;
	size_t count = 0;
	int ends[2];

	if (size == 0 || size > 60000) /* what a pipe holds */
		return 0;
	ORACLE(pipe(ends) == 0);
	ORACLE(write(ends[1], data + 1, size - 1) == (ssize_t)size - 1 && close(ends[1]) == 0);
	struct packet_stream stream = {
	    .in = ends[0],
	    .out = -1,
	    .framing = data[0] % 2 != 0 ? PACKET_LINE : PACKET_LENGTH,
	};
	while ((result = packet_read(&stream, &packet)) == PACKET_READ ||
	       result == PACKET_TOO_LONG) {
		ORACLE(++count <= size);
		if (result == PACKET_READ)
			check(&packet);
	}
	close(ends[0]);
	return 0;
}
