/*
 * Requests to us, as our server reads them. The first byte is the format ('j' or 'x'). Oracles: a
 * form that is read and written again is read as the same one, in both formats; and each answer
 * that we would give is one that our client understands.
 */
#include "fuzz.h"

#include "xmpp/adhoc_client.h"
#include "xmpp/adhoc_server.h"

/* A value that XML can hold. */
static bool is_plain(const char *text)
{
	return text == NULL || (!text_has_control(text) && strstr(text, "\xef\xbf\xbe") == NULL &&
				strstr(text, "\xef\xbf\xbf") == NULL && strlen(text) < 200);
}

static void write_again(enum adhoc_format format, const struct adhoc_form *form)
{
	struct adhoc_form again = {0};
	struct strbuf text;

	for (size_t i = 0; i < form->n_fields; i++)
		if (!is_plain(form->fields[i].var) || !is_plain(form->fields[i].value))
			return;
	if (!is_plain(form->node) || form->n_fields > 8)
		return;
	strbuf_init(&text);
	adhoc_form_write(&text, format, ADHOC_COMPACT, form);
	const struct adhoc_text what = {text.data, text.len, "UTF-8"};
	ORACLE(adhoc_form_read(format, ADHOC_LENIENT, &what, &again, NULL) == STATUS_OK);
	ORACLE(again.fault == NULL && again.n_fields == form->n_fields);
	for (size_t i = 0; i < form->n_fields; i++) {
		const char *value = form->fields[i].value, *other = again.fields[i].value;

		ORACLE(strcmp(form->fields[i].var, again.fields[i].var) == 0);
		ORACLE(strcmp(value != NULL ? value : "", other != NULL ? other : "") == 0);
	}
	adhoc_form_clear(&again);
	strbuf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adhoc_command command = {0};
	struct adhoc_form form = {0};
	struct error err = {0};

	if (size == 0)
		return 0;
	fuzz_start();
	enum adhoc_format format = data[0] == 'x' ? ADHOC_XML : ADHOC_JSON;
	char *body = fuzz_copy(data + 1, size - 1);
	enum status status = adhoc_command_read(format, body, size - 1, &command, &err);
	ORACLE(status == STATUS_OK || status == STATUS_BAD_REQUEST || status == STATUS_NOT_FOUND);
	ORACLE(status == STATUS_OK || err.text[0] != '\0');
	if (status == STATUS_OK)
		ORACLE(strlen(command.hold) <= size && strlen(command.wait) <= size);
	adhoc_command_clear(&command);
	if (adhoc_form_read(format, ADHOC_LENIENT, &(struct adhoc_text){body, size - 1, NULL},
			    &form, NULL) == STATUS_OK &&
	    form.fault == NULL && form.fields != NULL) {
		write_again(ADHOC_JSON, &form);
		write_again(ADHOC_XML, &form);
	}
	adhoc_form_clear(&form);
	free(body);
	return 0;
}
