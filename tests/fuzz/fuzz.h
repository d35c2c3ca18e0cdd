/*
 * What every fuzz target stands on: an oracle, and the input as texts. A target is one function,
 * which libFuzzer calls with any bytes (`make fuzz`), and replay.c with each file of
 * tests/fuzz/corpus/TARGET (`make test`). A crash, a report of a sanitizer or a false oracle is a
 * fault of the program. Targets need no state, so an input alone reproduces it.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* It must hold for every input. */
#define ORACLE(holds)                                                                              \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: false: %s\n", __FILE__, __LINE__, #holds);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The base library, once. */
static inline void fuzz_start(void)
{
	static bool started;

	if (!started)
		ORACLE(secret_start(NULL) == STATUS_OK);
	started = true;
}

/* A text with its own block, so that AddressSanitizer sees a read beyond it. It ends at a NUL. */
static inline char *fuzz_text(const void *data, size_t size)
{
	char *text = strndup(size > 0 ? data : "", size);

	ORACLE(text != NULL);
	return text;
}

/* A copy without a NUL after it. */
static inline char *fuzz_copy(const void *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	ORACLE(copy != NULL);
	memcpy(copy, data, size);
	return copy;
}

/*
 * The input's lines as texts; the last one has all that is left, "" what is missing. Each has its
 * own block; fuzz_lines_free frees them.
 */
static inline void fuzz_lines(const uint8_t *data, size_t size, char **out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *end = i + 1 < count && size > 0 ? memchr(data, '\n', size) : NULL;
		size_t len = end != NULL ? (size_t)(end - data) : size;

		out[i] = fuzz_text(data, len);
		len += end != NULL ? 1 : 0;
		data += len;
		size -= len;
	}
}

static inline void fuzz_lines_free(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
}

/* The path of a file in a folder in TMPDIR or else /tmp, whose owner removes it. */
static inline const char *fuzz_file(const char *name)
{
	static char folder[256], path[512];
	const char *place = getenv("TMPDIR");

	if (folder[0] == '\0') {
		snprintf(folder, sizeof(folder), "%s/fuzz-XXXXXX", place != NULL ? place : "/tmp");
		ORACLE(mkdtemp(folder) != NULL);
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static inline const char *fuzz_write(const char *name, const void *data, size_t size)
{
	const char *path = fuzz_file(name);
	FILE *file = fopen(path, "w");

	ORACLE(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
	return path;
}

#endif
