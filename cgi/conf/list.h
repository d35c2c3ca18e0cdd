/*
 * Lists of words. conf_list_has is in conf.h. Internal to conf/.
 */
#ifndef CONF_LIST_H
#define CONF_LIST_H

#include "conf/conf.h"

/*
 * Adds the item, which the list then owns. Returns false if out of memory; the caller then keeps
 * it.
 */
bool conf_list_add(struct conf_list *list, char *item);

/* Frees the words, and leaves an empty list. */
void conf_list_clear(struct conf_list *list);

#endif
