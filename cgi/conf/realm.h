/*
 * The words of remote_user_realm. A word is a realm, as in user@REALM, or PREFIX\=REALM, where
 * PREFIX\user means the same as user@REALM.
 */
#ifndef CONF_REALM_H
#define CONF_REALM_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

struct realm {
	const char *prefix; /* borrowed, like realm; NULL if the word has no prefix */
	size_t prefix_len;
	const char *realm;
};

/* Reads a word that text_realm_check accepts. */
struct realm realm_read(const char *word);

/*
 * Returns the list's first realm, or NULL if the list is empty. prebind removes this realm from its
 * users' names.
 */
const char *realm_first(const struct conf_list *list);

/*
 * Finds the realm in the list. Upper and lower case must match. Returns NULL if the list does not
 * have the realm.
 */
const char *realm_find(const struct conf_list *list, const char *realm);

/*
 * Returns the realm of the prefix, which has len bytes and can be in upper or lower case. Returns
 * NULL if there is none.
 */
const char *realm_of_prefix(const struct conf_list *list, const char *prefix, size_t len);

/*
 * Returns true if both words have the same realm or the same prefix. Realms that differ only in
 * case count as equal, because a name contains its realm in lower case.
 */
bool realm_is_same(const char *a, const char *b);

/* Returns the first word PREFIX\=REALM whose REALM is not in the list, or NULL if there is none. */
const char *realm_unknown(const struct conf_list *list);

#endif
