/*
 * Template sets that several sites share: a folder is read and parsed once for all sites that name
 * it. Only a new shelf sees later changes to a folder. Thread-safe.
 */
#ifndef TEMPLATE_CACHE_H
#define TEMPLATE_CACHE_H

#include "template/template.h"

struct template_shelf; /* opaque */

/* pages: those that every set must have; borrowed. */
enum status template_shelf_new(const struct template_page *pages, size_t n,
			       struct template_shelf **out, struct error *err);

/*
 * Makes the shelf read its sets as template_set_load_later does. Call it before the first set is
 * taken, and only in a process with one thread.
 */
void template_shelf_defer(struct template_shelf *shelf);
void template_shelf_free(
    struct template_shelf *shelf); /* takes NULL; every set must have been given back */

/* As template_set_load. *out is borrowed until it is given back. */
enum status template_shelf_take(struct template_shelf *shelf, const char *dir,
				const struct template_set **out, struct error *err);
void template_shelf_give(struct template_shelf *shelf, const struct template_set *set);

#endif
