/*
 * A server's SASL messages: the first byte is the mechanism, each line a message, which is sent in
 * base64; a line that begins with '=' is sent as it is. Oracle: SCRAM never ends well, because the
 * server does not know the password.
 */
#include "fuzz.h"

#include "xmpp/sasl.h"

#define MESSAGES 4

static enum status step(struct sasl *sasl, const char *message, bool raw)
{
	struct strbuf text;
	char *out = NULL;
	struct error err = {0};

	strbuf_init(&text);
	if (!raw)
		codec_base64(&text, (const unsigned char *)message, strlen(message));
	enum status status = sasl_step(sasl, raw ? message : text.data, &out, &err);
	ORACLE(status == STATUS_OK || (out == NULL && err.text[0] != '\0'));
	secret_free(out);
	strbuf_clear(&text);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {SASL_SCRAM_SHA_256, SASL_SCRAM_SHA_1, SASL_PLAIN,
					    SASL_X_OAUTH2};
	char *lines[MESSAGES];
	struct sasl *sasl = NULL;

	if (size == 0)
		return 0;
	fuzz_start();
	fuzz_lines(data + 1, size - 1, lines, MESSAGES);
	const char *name = names[data[0] % 4];
	bool scram = data[0] % 4 < 2;
	if (sasl_new(name, "user", "pencil", &sasl, NULL) == STATUS_OK) {
		enum status status = step(sasl, "", false);

		ORACLE(status == STATUS_OK);
		for (size_t i = 0; i < MESSAGES && status == STATUS_OK; i++) {
			bool raw = lines[i][0] == '=';

			status = step(sasl, raw ? lines[i] + 1 : lines[i], raw);
			ORACLE(!scram || !sasl_done(sasl));
		}
	}
	sasl_free(sasl);
	/* the choice among mechanisms that a server offers */
	const char *chosen = sasl_choose(lines[0], "SCRAM-SHA-1 PLAIN", SASL_CHANNEL_PUBLIC);
	ORACLE(chosen == NULL || strcmp(chosen, SASL_SCRAM_SHA_1) == 0);
	fuzz_lines_free(lines, MESSAGES);
	return 0;
}
