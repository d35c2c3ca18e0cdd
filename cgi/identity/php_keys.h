/*
 * The keys of a session, collected while it is read: does one come twice in one container? PHP
 * writes no such session. Read, it keeps the later value, and references to the earlier are lost.
 */
#ifndef IDENTITY_PHP_KEYS_H
#define IDENTITY_PHP_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity/php_lexer.h"

struct php_key {
	uint32_t container;
	uint32_t len;
	const char *text; /* borrowed from the session */
};

struct php_keys {
	struct php_key *items; /* owned; freed by php_keys_clear */
	size_t count;
	size_t size;
};

/* false: out of memory. */
bool php_keys_add(struct php_keys *keys, uint32_t container, const struct php_part *key);

/* Sorts the keys. true: one container has a key twice. */
bool php_keys_any_twice(struct php_keys *keys);

void php_keys_clear(struct php_keys *keys);

#endif
