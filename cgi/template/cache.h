/*
 * Template sets that several sites share: a folder is read and parsed once for all sites that name
 * it. Later changes to a folder are only seen by a new cache. Thread-safe.
 */
#ifndef TEMPLATE_CACHE_H
#define TEMPLATE_CACHE_H

#include "template/template.h"

struct template_cache; /* opaque */

/* pages lists the pages that every set must have. It is borrowed. */
enum status template_cache_new(const struct template_page *pages, size_t n,
			       struct template_cache **out, struct error *err);

/*
 * Makes the cache load its sets with template_set_load_later. Call it before the first set is
 * taken, and only in a process with one thread.
 */
void template_cache_defer(struct template_cache *cache);
/* Accepts NULL. Every set must have been returned. */
void template_cache_free(struct template_cache *cache);

/* Like template_set_load, but *out is borrowed until template_cache_return. */
enum status template_cache_borrow(struct template_cache *cache, const char *dir,
				  const struct template_set **out, struct error *err);
void template_cache_return(struct template_cache *cache, const struct template_set *set);

#endif
