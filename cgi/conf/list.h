/*
 * Adds and frees words in lists. conf_list_has is in conf.h. Internal to conf/.
 */
#ifndef CONF_LIST_H
#define CONF_LIST_H

#include "conf/conf.h"

/*
 * Adds the item and takes ownership of it. Returns false if out of memory; the caller then still
 * owns the item.
 */
bool conf_list_add(struct conf_list *list, char *item);

/* Frees the words, so that the list is empty. */
void conf_list_clear(struct conf_list *list);

#endif
