/*
 * A configuration file. Oracle: what is accepted, printed and read again prints the same, and a
 * refusal names the file and says why.
 */
#include "fuzz.h"

#include "conf/conf.h"

static char *print(const struct conf *conf)
{
	struct strbuf text;

	strbuf_init(&text);
	conf_print(conf, &text);
	ORACLE(strbuf_ok(&text));
	return strbuf_take(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = NULL, *again = NULL;
	struct error err = {0};
	struct strbuf json;

	if (memmem(data, size, "sites", 5) != NULL) /* a glob, which may name any folder */
		return 0;
	const char *path = fuzz_write("prebind.conf", data, size);
	if (conf_load(path, &conf, &err) != STATUS_OK) {
		ORACLE(conf == NULL && strncmp(err.text, path, strlen(path)) == 0);
		return 0;
	}
	ORACLE(conf->n_sites > 0);
	char *once = print(conf);
	strbuf_init(&json);
	conf_print_json(conf, &json);
	ORACLE(strbuf_ok(&json));
	strbuf_clear(&json);
	path = fuzz_write("prebind.conf", once, strlen(once));
	if (conf_load(path, &again, &err) != STATUS_OK) {
		fprintf(stderr, "%s\n%s\n", err.text, once);
		abort();
	}
	char *twice = print(again);
	ORACLE(strcmp(once, twice) == 0);
	free(once);
	free(twice);
	conf_free(conf);
	conf_free(again);
	return 0;
}
