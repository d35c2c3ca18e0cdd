/*
 * Lists of words, as conf_list_has in conf.h. Internal to conf/.
 */
#ifndef CONF_LIST_H
#define CONF_LIST_H

#include "conf/conf.h"

/* Adds the item, which the list then owns. False: there is no memory; the caller keeps the item. */
bool conf_list_add(struct conf_list *list, char *item);

/* Frees the words, and leaves an empty list. */
void conf_list_clear(struct conf_list *list);

#endif
