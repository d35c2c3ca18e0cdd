/*
 * The keys of a document with containers in it (JSON, a session of PHP), collected while it is
 * read: does one come twice in one container?
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

/* The key is copied, its text is not. false: out of memory. */
bool key_list_add(struct key_list *keys, struct key key);

/*
 * Sorts the keys, so that n of them cost n log n. Returns a key that its container has twice;
 * NULL if there is none. Borrowed from the list.
 */
const struct key *key_list_twice(struct key_list *keys);

void key_list_clear(struct key_list *keys);

#endif
