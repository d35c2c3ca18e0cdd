/*
 * The words of remote_user_realm: realms of user@REALM, and prefixes of PREFIX\user that stand for
 * one of them.
 */
#ifndef CONF_REALM_H
#define CONF_REALM_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

struct realm {
	const char *prefix; /* borrowed, like realm; NULL: the word is a realm alone */
	size_t prefix_len;
	const char *realm;
};

/* Reads a word that text_realm_check accepts. */
struct realm realm_read(const char *word);

/* The realm whose users have no realm in their names. NULL: the list is empty. */
const char *realm_first(const struct conf_list *list);

/* Finds a realm, exactly as it is written. NULL: it is not in the list. */
const char *realm_find(const struct conf_list *list, const char *realm);

/* Finds the realm for a prefix of len bytes, in upper or lower case. NULL: there is none. */
const char *realm_of_prefix(const struct conf_list *list, const char *prefix, size_t len);

/*
 * True if the words are one realm or one prefix. Realms that differ only in case are one, so that
 * names in lower case keep them apart.
 */
bool realm_is_same(const char *a, const char *b);

/* Returns the first word whose prefix stands for a realm that is not in the list; NULL: none. */
const char *realm_unknown(const struct conf_list *list);

#endif
