/*
 * Template sets that sites share. A folder is read and parsed once for all sites that use it. If
 * files in the folder change, only a new cache loads the changes. Thread-safe.
 */
#ifndef TEMPLATE_CACHE_H
#define TEMPLATE_CACHE_H

#include "template/template.h"

struct template_cache; /* opaque */

/* `pages` lists the pages that every set must have. It is borrowed. */
enum status template_cache_new(const struct template_page *pages, size_t n,
			       struct template_cache **out, struct error *err);

/*
 * Makes the cache load its sets with template_set_load_later. Call it before the first
 * template_cache_borrow, and only in a process with one thread.
 */
void template_cache_defer(struct template_cache *cache);
/* Accepts NULL. Call it after all sets were returned. */
void template_cache_free(struct template_cache *cache);

/* Like template_set_load, but *out is borrowed until template_cache_return. */
enum status template_cache_borrow(struct template_cache *cache, const char *dir,
				  const struct template_set **out, struct error *err);
void template_cache_return(struct template_cache *cache, const struct template_set *set);

#endif
