/*
 * Reads words such as EXAMPLE.ORG (a realm) and CORP\=EXAMPLE.ORG (a prefix for a realm).
 */
#include "conf/realm.h"

#include <string.h>
#include <strings.h>

#define AFTER_PREFIX "\\="

struct realm realm_read(const char *word)
{
	const char *end = strstr(word, AFTER_PREFIX);

	if (end == NULL)
		return (struct realm){.realm = word};
	return (struct realm){.prefix = word,
			      .prefix_len = (size_t)(end - word),
			      .realm = end + strlen(AFTER_PREFIX)};
}

const char *realm_first(const struct conf_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (realm_read(list->items[i]).prefix == NULL)
			return list->items[i];
	return NULL;
}

const char *realm_find(const struct conf_list *list, const char *realm)
{
	for (size_t i = 0; i < list->count; i++) {
		struct realm each = realm_read(list->items[i]);

		if (each.prefix == NULL && strcmp(each.realm, realm) == 0)
			return each.realm;
	}
	return NULL;
}

const char *realm_of_prefix(const struct conf_list *list, const char *prefix, size_t len)
{
	for (size_t i = 0; i < list->count; i++) {
		struct realm each = realm_read(list->items[i]);

		if (each.prefix != NULL && each.prefix_len == len &&
		    strncasecmp(each.prefix, prefix, len) == 0)
			return realm_find(list, each.realm);
	}
	return NULL;
}

bool realm_is_same(const char *a, const char *b)
{
	struct realm one = realm_read(a), other = realm_read(b);

	if ((one.prefix == NULL) != (other.prefix == NULL))
		return false;
	if (one.prefix == NULL)
		return strcasecmp(one.realm, other.realm) == 0;
	return one.prefix_len == other.prefix_len &&
	       strncasecmp(one.prefix, other.prefix, one.prefix_len) == 0;
}

const char *realm_unknown(const struct conf_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct realm each = realm_read(list->items[i]);

		if (each.prefix != NULL && realm_find(list, each.realm) == NULL)
			return list->items[i];
	}
	return NULL;
}
