/*
 * The bodies of a BOSH log-in. Oracles: an answer keeps the limits of its parts; and what we write
 * with its texts is XML with those texts in it.
 */
#include "fuzz.h"

#include "base/xml.h"
#include "xmpp/bosh.h"

static void check_written(const struct strbuf *text, const char *sid)
{
	struct xml_node *root = NULL;

	ORACLE(strbuf_ok(text));
	ORACLE(xml_parse(text->data, text->len, "UTF-8", &root, NULL) == STATUS_OK);
	ORACLE(strcmp(root->name, "body") == 0 && xml_attr(root, NULL, "rid") != NULL);
	ORACLE(sid == NULL || strcmp(xml_attr(root, NULL, "sid"), sid) == 0);
	xml_free(root);
}

static void write_again(const struct bosh_answer *answer)
{
	struct strbuf text, payload;

	if (text_has_control(answer->sid) || text_has_control(answer->data))
		return;
	strbuf_init(&text);
	strbuf_init(&payload);
	bosh_sasl_response_write(&payload, answer->data);
	bosh_body_write(&text, answer->sid, 1, payload.data);
	check_written(&text, answer->sid);
	strbuf_reset(&text);
	strbuf_reset(&payload);
	bosh_bind_write(&payload, "1", answer->data);
	bosh_body_write(&text, answer->sid, 1, payload.data);
	check_written(&text, answer->sid);
	strbuf_reset(&text);
	bosh_restart_write(&text, answer->sid, 1, answer->data);
	check_written(&text, answer->sid);
	strbuf_reset(&text);
	bosh_create_write(&text, &(struct bosh_create){.domain = answer->data, .rid = 1});
	check_written(&text, NULL);
	strbuf_clear(&text);
	strbuf_clear(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bosh_answer answer = {0};
	struct error err = {0};

	fuzz_start();
	char *body = fuzz_copy(data, size);
	enum status status = bosh_answer_read(body, size, &answer, &err);
	ORACLE(status == STATUS_OK || (status == STATUS_CHAT_SERVER && err.text[0] != '\0'));
	if (status == STATUS_OK) {
		ORACLE(strlen(answer.sid) <= BOSH_SID_MAX && answer.mechanisms != NULL);
		ORACLE(answer.wait >= -1 && answer.hold >= -1 && answer.inactivity >= -1);
		ORACLE(answer.data != NULL && answer.condition != NULL);
		write_again(&answer);
	}
	bosh_answer_clear(&answer);
	free(body);
	return 0;
}
