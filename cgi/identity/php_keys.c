/*
 * The keys of a session. They are sorted once, so that many keys cost little more than few.
 */
#include "identity/php_keys.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 32

bool php_keys_add(struct php_keys *keys, uint32_t container, const struct php_part *key)
{
	if (keys->count == keys->size) {
		size_t size = keys->size == 0 ? SIZE_FIRST : keys->size + keys->size / 2;
		struct php_key *items = reallocarray(keys->items, size, sizeof *items);
		if (items == NULL)
			return false;
		keys->items = items;
		keys->size = size;
	}
	keys->items[keys->count++] =
	    (struct php_key){.container = container, .len = (uint32_t)key->len, .text = key->text};
	return true;
}

/* By container, then by length: texts are compared only where both are equal. */
static int compare(const void *a, const void *b)
{
	const struct php_key *one = a;
	const struct php_key *other = b;

	if (one->container != other->container)
		return one->container < other->container ? -1 : 1;
	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	return memcmp(one->text, other->text, one->len);
}

bool php_keys_any_twice(struct php_keys *keys)
{
	if (keys->count == 0)
		return false;
	qsort(keys->items, keys->count, sizeof *keys->items, compare);
	for (size_t i = 1; i < keys->count; i++)
		if (compare(&keys->items[i - 1], &keys->items[i]) == 0)
			return true;
	return false;
}

void php_keys_clear(struct php_keys *keys)
{
	free(keys->items);
	*keys = (struct php_keys){0};
}
