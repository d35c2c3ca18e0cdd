/*
 * A list of template sets, each with a count of its users. A set without users is freed, because
 * the folders of a thousand sites do not all need to be in memory.
 */
#include "template/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct cached_set {
	struct cached_set *next;
	char *dir;
	struct template_set *set;
	size_t users;
};

struct template_cache {
	const struct template_page *pages;
	size_t n_pages;
	bool later;
	/* protects the list; held while a folder is read, so that each folder is read only once */
	pthread_mutex_t lock;
	struct cached_set *list;
};

enum status template_cache_new(const struct template_page *pages, size_t n,
			       struct template_cache **out, struct error *err)
{
	struct template_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return error_no_memory(err);
	cache->pages = pages;
	cache->n_pages = n;
	pthread_mutex_init(&cache->lock, NULL);
	*out = cache;
	return STATUS_OK;
}

void template_cache_defer(struct template_cache *cache)
{
	cache->later = true;
}

static void cached_set_free(struct cached_set *cached)
{
	if (cached == NULL)
		return;
	template_set_free(cached->set);
	free(cached->dir);
	free(cached);
}

void template_cache_free(struct template_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->list != NULL) {
		struct cached_set *first = cache->list;

		cache->list = first->next;
		cached_set_free(first);
	}
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct cached_set *find(const struct template_cache *cache, const char *dir)
{
	struct cached_set *cached = cache->list;

	while (cached != NULL && strcmp(cached->dir, dir) != 0)
		cached = cached->next;
	return cached;
}

/* Loads a folder and adds its set to the list. Call it with the lock held. */
static enum status add(struct template_cache *cache, const char *dir, struct cached_set **out,
		       struct error *err)
{
	struct cached_set *cached = calloc(1, sizeof(*cached));

	if (cached != NULL)
		cached->dir = strdup(dir);
	if (cached == NULL || cached->dir == NULL) {
		cached_set_free(cached);
		return error_no_memory(err);
	}
	enum status status = (cache->later ? template_set_load_later : template_set_load)(
	    dir, cache->pages, cache->n_pages, &cached->set, err);
	if (status != STATUS_OK) {
		cached_set_free(cached);
		return status;
	}
	cached->next = cache->list;
	cache->list = cached;
	*out = cached;
	return STATUS_OK;
}

enum status template_cache_borrow(struct template_cache *cache, const char *dir,
				  const struct template_set **out, struct error *err)
{
	enum status status = STATUS_OK;

	pthread_mutex_lock(&cache->lock);
	struct cached_set *cached = find(cache, dir);
	if (cached == NULL)
		status = add(cache, dir, &cached, err);
	if (status == STATUS_OK) {
		cached->users++;
		*out = cached->set;
	}
	pthread_mutex_unlock(&cache->lock);
	return status;
}

void template_cache_return(struct template_cache *cache, const struct template_set *set)
{
	pthread_mutex_lock(&cache->lock);
	for (struct cached_set **at = &cache->list; *at != NULL; at = &(*at)->next) {
		struct cached_set *cached = *at;

		if (cached->set != set)
			continue;
		if (--cached->users == 0) {
			*at = cached->next;
			cached_set_free(cached);
		}
		break;
	}
	pthread_mutex_unlock(&cache->lock);
}
