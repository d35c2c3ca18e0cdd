/*
 * A target that breaks, for the test of the tests: on "oracle" by its oracle, on "read" by a read
 * beyond its input.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	volatile char beyond = '\0';

	ORACLE(strcmp(text, "oracle") != 0);
	if (strcmp(text, "read") == 0)
		beyond = text[size + 1];
	free(text);
	return beyond == 'x';
}
