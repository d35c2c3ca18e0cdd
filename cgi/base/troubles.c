/*
 * Two rings, one for each kind. A writer takes the next number, which decides its place in the
 * ring. It marks the place as being written, writes, and then marks the place with its number. A
 * reader uses only a place that had the right number before and after reading.
 */
#include "base/troubles.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "base/codec.h"

#define WORDS ((sizeof(struct trouble) + 7) / 8)

struct place {
	_Atomic uint64_t number; /* counted from 1; 0 if it is empty or being written */
	_Atomic uint64_t words[WORDS];
};

struct ring {
	_Atomic uint64_t last; /* the number of the last entry */
	struct place places[TROUBLES_MAX];
};

/* All processes share them. NULL if nothing is recorded. */
static struct ring *rings;

void troubles_start(void)
{
	void *shared = mmap(NULL, TROUBLE_KINDS * sizeof(*rings), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		rings = shared;
}

void trouble_text(char *out, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	size_t at = 0;
	uint32_t c;

	while (at < len) {
		size_t n = utf8_decode(text + at, len - at, &c);

		if (n == 0 || at + n >= size)
			break;
		at += n;
	}
	if (at > 0)
		memcpy(out, text, at);
	memset(out + at, 0, size - at);
}

void trouble_note(enum trouble_kind kind, const struct trouble *trouble)
{
	uint64_t words[WORDS] = {0};
	struct place *place;
	uint64_t number;

	if (rings == NULL)
		return;
	memcpy(words, trouble, sizeof(*trouble));
	number = atomic_fetch_add(&rings[kind].last, 1) + 1;
	place = &rings[kind].places[number % TROUBLES_MAX];
	atomic_store(&place->number, 0);
	for (size_t i = 0; i < WORDS; i++)
		atomic_store(&place->words[i], words[i]);
	atomic_store(&place->number, number);
}

static bool take(const struct place *place, uint64_t number, struct trouble *out)
{
	uint64_t words[WORDS];

	if (atomic_load(&place->number) != number)
		return false;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load(&place->words[i]);
	if (atomic_load(&place->number) != number)
		return false;
	memcpy(out, words, sizeof(*out));
	return true;
}

size_t troubles_get(enum trouble_kind kind, struct trouble out[TROUBLES_MAX])
{
	uint64_t last = rings != NULL ? atomic_load(&rings[kind].last) : 0;
	size_t count = 0;

	for (uint64_t number = last; number > 0 && last - number < TROUBLES_MAX; number--)
		count += take(&rings[kind].places[number % TROUBLES_MAX], number, &out[count]);
	return count;
}
