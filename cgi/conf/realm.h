/*
 * The words of remote_user_realm. A word is a realm, as in user@REALM, or a prefix that stands for
 * a realm, as in PREFIX\user.
 */
#ifndef CONF_REALM_H
#define CONF_REALM_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

struct realm {
	const char *prefix; /* borrowed, like realm; NULL if the word is only a realm */
	size_t prefix_len;
	const char *realm;
};

/* Reads a word that text_realm_check accepts. */
struct realm realm_read(const char *word);

/* Returns the realm whose users have no realm in their names, or NULL if the list is empty. */
const char *realm_first(const struct conf_list *list);

/* Finds a realm, exactly as it is written. Returns NULL if it is not in the list. */
const char *realm_find(const struct conf_list *list, const char *realm);

/*
 * Finds the realm for a prefix of len bytes, in upper or lower case. Returns NULL if there is none.
 */
const char *realm_of_prefix(const struct conf_list *list, const char *prefix, size_t len);

/*
 * True if the words are the same realm or the same prefix. Realms that differ only in case count as
 * the same, because they would be equal in a name in lower case.
 */
bool realm_is_same(const char *a, const char *b);

/* Returns the first word whose prefix stands for a realm that is not in the list, or NULL. */
const char *realm_unknown(const struct conf_list *list);

#endif
