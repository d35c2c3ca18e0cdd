/*
 * The Cookie header. Oracle: a second, simpler reading of the header finds the same value; and a
 * value is one that a cookie may have.
 */
#include "fuzz.h"

#include "web/request.h"

#define NAME "sid"

/* The status that the header must have, and the value of its first cookie of that name. */
static enum status simple_read(char *header, const char **value)
{
	enum status status = STATUS_NOT_FOUND;

	for (char *pair; (pair = strsep(&header, ";")) != NULL;) {
		pair += strspn(pair, " ");
		if (strncmp(pair, NAME "=", strlen(NAME "=")) != 0)
			continue;
		pair += strlen(NAME "=");
		for (size_t len = strlen(pair); len > 0 && pair[len - 1] == ' '; len--)
			pair[len - 1] = '\0';
		if (status == STATUS_OK && strcmp(*value, pair) != 0)
			return STATUS_BAD_REQUEST;
		*value = pair;
		status = STATUS_OK;
	}
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *header = fuzz_text(data, size);
	char *copy = fuzz_text(header, strlen(header));
	struct request req = {.cookie = header};
	const char *expected = NULL;
	char *value = NULL;

	enum status status = request_cookie(&req, NAME, &value, NULL);
	enum status simple = simple_read(copy, &expected);
	ORACLE((status == STATUS_OK) == (value != NULL));
	ORACLE(status != STATUS_OK || (simple == STATUS_OK && strcmp(value, expected) == 0));
	ORACLE(status != STATUS_NOT_FOUND || simple == STATUS_NOT_FOUND);
	for (const char *c = value; c != NULL && *c != '\0'; c++)
		ORACLE(*c > 0x20 && *c < 0x7f && strchr("\",;\\", *c) == NULL);
	free(value);
	free(copy);
	free(header);
	return 0;
}
