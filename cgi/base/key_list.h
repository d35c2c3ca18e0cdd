/*
 * The keys of a document with nested containers (JSON, a PHP session). The keys are collected while
 * the document is read, to find a key that occurs twice in one container.
 */
#ifndef BASE_KEY_LIST_H
#define BASE_KEY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key {
	uint32_t container;
	uint32_t len;
	const char *text; /* borrowed from the document; not NUL-terminated */
};

struct key_list {
	struct key *items; /* owned; freed by key_list_clear */
	size_t count;
	size_t size;
};

/* Copies the key but not its text. Returns false if out of memory. */
bool key_list_add(struct key_list *keys, struct key key);

/*
 * Returns a key that occurs twice in one container, or NULL if there is none. The list owns the
 * key. Takes O(n log n) time, and can change the order of the keys.
 */
const struct key *key_list_twice(struct key_list *keys);

void key_list_clear(struct key_list *keys);

#endif
