/*
 * Finds duplicate keys in a document. Many keys are sorted once, which keeps the search fast.
 */
#include "base/key_list.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 32
#define FEW        32 /* up to this number of keys, comparing all pairs is faster than sorting */

bool key_list_add(struct key_list *keys, struct key key)
{
	if (keys->count == keys->size) {
		size_t size = keys->size == 0 ? SIZE_FIRST : keys->size + keys->size / 2;
		struct key *items = reallocarray(keys->items, size, sizeof(*items));
		if (items == NULL)
			return false;
		keys->items = items;
		keys->size = size;
	}
	keys->items[keys->count++] = key;
	return true;
}

/*
 * Orders by container, then by length, so texts are compared only if container and length are
 * equal.
 */
static int compare(const void *a, const void *b)
{
	const struct key *one = a;
	const struct key *other = b;

	if (one->container != other->container)
		return one->container < other->container ? -1 : 1;
	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	return memcmp(one->text, other->text, one->len);
}

static bool is_among(const struct key *key, const struct key *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (others[i].container == key->container && compare(&others[i], key) == 0)
			return true;
	return false;
}

static const struct key *few_twice(const struct key_list *keys)
{
	for (size_t i = 1; i < keys->count; i++)
		if (is_among(&keys->items[i], keys->items, i))
			return &keys->items[i];
	return NULL;
}

const struct key *key_list_twice(struct key_list *keys)
{
	if (keys->count <= FEW)
		return few_twice(keys);
	qsort(keys->items, keys->count, sizeof(*keys->items), compare);
	for (size_t i = 1; i < keys->count; i++)
		if (compare(&keys->items[i - 1], &keys->items[i]) == 0)
			return &keys->items[i];
	return NULL;
}

void key_list_clear(struct key_list *keys)
{
	free(keys->items);
	*keys = (struct key_list){0};
}
