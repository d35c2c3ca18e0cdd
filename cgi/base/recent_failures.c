/*
 * Two rings of entries, one for each kind of failure. A writer takes the next number, which
 * determines its place in the ring. The writer sets the number stored in this place to 0, writes
 * the entry, and then stores the new number. A reader uses an entry only if the stored number was
 * right both before and after reading.
 */
#include "base/recent_failures.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "base/codec.h"

#define WORDS ((sizeof(struct recent_failure) + 7) / 8)

struct slot {
	_Atomic uint64_t number; /* counted from 1; 0 if the entry is empty or being written */
	_Atomic uint64_t words[WORDS];
};

struct ring {
	_Atomic uint64_t last; /* the number of the last entry */
	struct slot slots[RECENT_FAILURES_MAX];
};

/* Shared by all processes; NULL if nothing is recorded. */
static struct ring *rings;

void recent_failures_start(void)
{
	void *shared = mmap(NULL, FAILURE_KINDS * sizeof(*rings), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		rings = shared;
}

void recent_failure_text(char *out, size_t size, const char *text)
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

void recent_failure_add(enum failure_kind kind, const struct recent_failure *failure)
{
	uint64_t words[WORDS] = {0};
	struct slot *slot;
	uint64_t number;

	if (rings == NULL)
		return;
	memcpy(words, failure, sizeof(*failure));
	number = atomic_fetch_add(&rings[kind].last, 1) + 1;
	slot = &rings[kind].slots[number % RECENT_FAILURES_MAX];
	atomic_store(&slot->number, 0);
	for (size_t i = 0; i < WORDS; i++)
		atomic_store(&slot->words[i], words[i]);
	atomic_store(&slot->number, number);
}

static bool take(const struct slot *slot, uint64_t number, struct recent_failure *out)
{
	uint64_t words[WORDS];

	if (atomic_load(&slot->number) != number)
		return false;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load(&slot->words[i]);
	if (atomic_load(&slot->number) != number)
		return false;
	memcpy(out, words, sizeof(*out));
	return true;
}

size_t recent_failures_get(enum failure_kind kind, struct recent_failure out[RECENT_FAILURES_MAX])
{
	uint64_t last = rings != NULL ? atomic_load(&rings[kind].last) : 0;
	size_t count = 0;

	for (uint64_t number = last; number > 0 && last - number < RECENT_FAILURES_MAX; number--)
		count +=
		    take(&rings[kind].slots[number % RECENT_FAILURES_MAX], number, &out[count]);
	return count;
}
