/*
 * Adds, finds and frees words in lists. value.c checks the words.
 */
#include "conf/list.h"

#include <stdlib.h>
#include <string.h>

bool conf_list_add(struct conf_list *list, char *item)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL)
		return false;
	list->items = items;
	items[list->count++] = item;
	return true;
}

void conf_list_clear(struct conf_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct conf_list){0};
}

bool conf_list_has(const struct conf_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], word) == 0)
			return true;
	}
	return false;
}

bool conf_site_has_provider(const struct site_conf *site, const char *provider)
{
	return conf_list_has(&site->identity, provider);
}
