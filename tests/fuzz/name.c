/*
 * Names of people. Oracles: composing, lowering, folding and preparing a second time change
 * nothing, and a prepared name has only characters that can be seen.
 */
#include "fuzz.h"

#include "base/name.h"

static enum status prepare(const char *name, char **out, struct error *err)
{
	return name_prepare(name, "a user's", 255, out, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static enum status (*const changes[])(const char *, char **, struct error *) = {
	    name_compose, name_lower, name_fold, prepare};
	char *name = fuzz_text(data, size);

	for (size_t i = 0; i < 4; i++) {
		char *once = NULL, *twice = NULL;

		if (changes[i](name, &once, NULL) != STATUS_OK)
			continue;
		ORACLE(utf8_valid(once, strlen(once)));
		ORACLE(changes[i](once, &twice, NULL) == STATUS_OK && strcmp(once, twice) == 0);
		if (changes[i] == prepare) {
			ORACLE(once[0] != '\0' && strlen(once) <= 255 && !text_has_control(once));
			ORACLE(name_characters_check(once, NULL) == STATUS_OK);
			ORACLE(name_same_folded(once, twice));
		}
		free(once);
		free(twice);
	}
	free(name);
	return 0;
}
