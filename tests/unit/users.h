/*
 * Users for tests: made in one line, where nothing about them matters but name and hash.
 */
#ifndef TESTS_USERS_H
#define TESTS_USERS_H

#include "store/user.h"

static inline enum status user_add(struct store *store, const char *name, const char *hash,
				   int64_t now, struct error *err)
{
	const struct user_new user = {.name = name, .password_hash = hash, .now = now};

	return user_create(store, &user, err);
}

#endif
