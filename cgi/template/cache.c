/*
 * A list of sets, each with the number of its users. A set without users is freed: a thousand sites
 * with their own folders need not all be in memory.
 */
#include "template/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct shelved {
	struct shelved *next;
	char *dir;
	struct template_set *set;
	size_t users;
};

struct template_shelf {
	const struct template_page *pages;
	size_t n_pages;
	bool later;
	/* guards the list; held during a load, so that a folder is read once */
	pthread_mutex_t lock;
	struct shelved *list;
};

enum status template_shelf_new(const struct template_page *pages, size_t n,
			       struct template_shelf **out, struct error *err)
{
	struct template_shelf *shelf = calloc(1, sizeof(*shelf));

	if (shelf == NULL)
		return error_no_memory(err);
	shelf->pages = pages;
	shelf->n_pages = n;
	pthread_mutex_init(&shelf->lock, NULL);
	*out = shelf;
	return STATUS_OK;
}

void template_shelf_defer(struct template_shelf *shelf)
{
	shelf->later = true;
}

static void shelved_free(struct shelved *shelved)
{
	if (shelved == NULL)
		return;
	template_set_free(shelved->set);
	free(shelved->dir);
	free(shelved);
}

void template_shelf_free(struct template_shelf *shelf)
{
	if (shelf == NULL)
		return;
	while (shelf->list != NULL) {
		struct shelved *first = shelf->list;

		shelf->list = first->next;
		shelved_free(first);
	}
	pthread_mutex_destroy(&shelf->lock);
	free(shelf);
}

static struct shelved *find(const struct template_shelf *shelf, const char *dir)
{
	struct shelved *shelved = shelf->list;

	while (shelved != NULL && strcmp(shelved->dir, dir) != 0)
		shelved = shelved->next;
	return shelved;
}

/* Reads a folder and adds it to the list. Call it with the lock held. */
static enum status add(struct template_shelf *shelf, const char *dir, struct shelved **out,
		       struct error *err)
{
	struct shelved *shelved = calloc(1, sizeof(*shelved));

	if (shelved != NULL)
		shelved->dir = strdup(dir);
	if (shelved == NULL || shelved->dir == NULL) {
		shelved_free(shelved);
		return error_no_memory(err);
	}
	enum status status = (shelf->later ? template_set_load_later : template_set_load)(
	    dir, shelf->pages, shelf->n_pages, &shelved->set, err);
	if (status != STATUS_OK) {
		shelved_free(shelved);
		return status;
	}
	shelved->next = shelf->list;
	shelf->list = shelved;
	*out = shelved;
	return STATUS_OK;
}

enum status template_shelf_take(struct template_shelf *shelf, const char *dir,
				const struct template_set **out, struct error *err)
{
	enum status status = STATUS_OK;

	pthread_mutex_lock(&shelf->lock);
	struct shelved *shelved = find(shelf, dir);
	if (shelved == NULL)
		status = add(shelf, dir, &shelved, err);
	if (status == STATUS_OK) {
		shelved->users++;
		*out = shelved->set;
	}
	pthread_mutex_unlock(&shelf->lock);
	return status;
}

void template_shelf_give(struct template_shelf *shelf, const struct template_set *set)
{
	pthread_mutex_lock(&shelf->lock);
	for (struct shelved **at = &shelf->list; *at != NULL; at = &(*at)->next) {
		struct shelved *shelved = *at;

		if (shelved->set != set)
			continue;
		if (--shelved->users == 0) {
			*at = shelved->next;
			shelved_free(shelved);
		}
		break;
	}
	pthread_mutex_unlock(&shelf->lock);
}
