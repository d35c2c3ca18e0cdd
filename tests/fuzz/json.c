/*
 * JSON as we read it. Oracle: what is accepted, written again from the tree and read again, writes
 * the same.
 */
#include "fuzz.h"

#include "base/json.h"

static void write_value(struct json_writer *w, const char *key, const struct json *value)
{
	long long number;

	if (json_string(value) != NULL) {
		json_put_string(w, key, json_string(value));
	} else if (json_integer(value, &number)) {
		json_put_integer(w, key, number);
	} else if (json_is_array(value) || json_is_object(value)) {
		json_open_array(w, key);
		for (const struct json *e = json_first(value); e != NULL; e = json_next(e))
			write_value(w, NULL, e);
		json_close_array(w);
	} else if (json_floor(value, &number)) {
		json_put_integer(w, key, number);
	} else if (json_is_null(value)) {
		json_put_string(w, key, NULL);
	} else {
		json_put_bool(w, key, false);
	}
}

static enum status read_and_write(const char *data, size_t len, struct strbuf *out)
{
	struct json *root = NULL;
	struct json_writer w;
	struct error err = {0};

	enum status status = json_parse(data, len, &root, &err);
	ORACLE(status == STATUS_OK || (status == STATUS_BAD_REQUEST && err.text[0] != '\0'));
	json_writer_init(&w, out);
	if (status == STATUS_OK)
		write_value(&w, NULL, root);
	json_member(root, "command");
	json_free(root);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf once, twice;
	char *text = fuzz_copy(data, size);

	fuzz_start();
	strbuf_init(&once);
	strbuf_init(&twice);
	if (read_and_write(text, size, &once) == STATUS_OK) {
		ORACLE(utf8_valid(text, size) && memchr(text, '\0', size) == NULL);
		ORACLE(read_and_write(once.data, once.len, &twice) == STATUS_OK);
		ORACLE(strcmp(once.data, twice.data) == 0);
	}
	strbuf_clear(&once);
	strbuf_clear(&twice);
	free(text);
	return 0;
}
