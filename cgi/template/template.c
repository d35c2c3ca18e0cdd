/*
 * Loads the set of pages of a site: reads the files, and stores the nodes that parse.c makes. After
 * a set is completely loaded, it never changes, so all threads can use it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/file.h"
#include "template/parts.h"

struct page {
	char *file;
	const struct template_page *from; /* borrowed until the page is parsed */
	struct language *language;        /* borrowed from the set; NULL without languages */
	struct nodes nodes;
	bool parsed;
	bool missing; /* true if the page is optional and its file does not exist */
};

struct template_set {
	char *dir;
	struct languages languages;
	struct page *pages; /* each page in each language */
	size_t count;
};

/*
 * Explains why a file is refused. A file that others can write is refused, because they could put a
 * script into every user's page.
 */
static enum status file_refuse(const char *path, enum file_fault fault,
			       const struct file_found *found, struct error *err)
{
	switch (fault) {
	case FILE_NOT_OPENED:
		return error_set(err, found->cause == ENOENT ? STATUS_NOT_FOUND : STATUS_INTERNAL,
				 "%s: cannot open this template: %s; check `templates` in [site]",
				 path, strerrordesc_np(found->cause));
	case FILE_NOT_REGULAR:
		return error_set(err, STATUS_BAD_REQUEST, "%s: is not a file", path);
	case FILE_WRITABLE:
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "%s: every user can write to this file; run chmod o-w on this file", path);
	case FILE_TOO_LONG:
		return error_set(err, STATUS_BAD_REQUEST, "%s: is longer than %d bytes", path,
				 TEMPLATE_FILE_MAX);
	case FILE_NO_MEMORY:
		return error_no_memory(err);
	default:
		return error_set(err, STATUS_INTERNAL, "%s: cannot be read: %s", path,
				 strerrordesc_np(found->cause));
	}
}

enum status template_file_read(const char *path, struct strbuf *out, struct error *err)
{
	struct file_found found;
	enum file_fault fault = file_read(path, FILE_BY_GROUP, TEMPLATE_FILE_MAX, out, &found);

	if (fault != FILE_OK)
		return file_refuse(path, fault, &found, err);
	if (memchr(out->data, '\0', out->len) != NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: contains a NUL byte; it must be text", path);
	if (!utf8_valid(out->data, out->len))
		return error_set(err, STATUS_BAD_REQUEST, "%s: is not UTF-8 text", path);
	return STATUS_OK;
}

/*
 * Reads and parses the page in its language. If the page is optional and does not exist, marks it
 * as missing.
 */
static enum status page_read(const char *dir, struct page *page, struct error *err)
{
	const struct json *texts = NULL;
	enum status status = STATUS_OK;

	if (page->parsed)
		return STATUS_OK;
	if (page->language != NULL)
		status = language_read(dir, page->language, err);
	if (status == STATUS_OK && page->language != NULL)
		texts = page->language->texts;
	if (status == STATUS_OK)
		status = template_parse(dir, page->from, texts, &page->nodes, err);
	page->missing = status == STATUS_NOT_FOUND && page->from->optional;
	page->parsed = status == STATUS_OK || page->missing;
	if (status != STATUS_OK)
		nodes_clear(&page->nodes);
	return page->missing ? STATUS_OK : status;
}

static enum status list_pages(struct template_set *set, const struct template_page *pages, size_t n,
			      struct error *err)
{
	size_t n_languages = set->languages.count ? set->languages.count : 1;

	set->pages = calloc(n ? n * n_languages : 1, sizeof(*set->pages));
	if (set->pages == NULL)
		return error_no_memory(err);
	set->count = n * n_languages;
	for (size_t i = 0; i < set->count; i++) {
		set->pages[i].from = &pages[i % n];
		set->pages[i].file = strdup(pages[i % n].file);
		if (set->pages[i].file == NULL)
			return error_no_memory(err);
		if (set->languages.count)
			set->pages[i].language = &set->languages.items[i / n];
	}
	return STATUS_OK;
}

enum status template_set_load_later(const char *dir, const struct template_page *pages, size_t n,
				    struct template_set **out, struct error *err)
{
	struct template_set *set = calloc(1, sizeof(*set));
	enum status status = STATUS_OK;

	if (set == NULL)
		return error_no_memory(err);
	set->dir = strdup(dir);
	if (set->dir == NULL)
		status = error_no_memory(err);
	if (status == STATUS_OK)
		status = languages_list(dir, &set->languages, err);
	if (status == STATUS_OK)
		status = list_pages(set, pages, n, err);
	if (status == STATUS_OK)
		*out = set;
	else
		template_set_free(set);
	return status;
}

enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err)
{
	struct template_set *set = NULL;
	enum status status = template_set_load_later(dir, pages, n, &set, err);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < set->languages.count && status == STATUS_OK; i++)
		status = language_read(dir, &set->languages.items[i], err);
	for (size_t i = 0; i < set->count && status == STATUS_OK; i++)
		status = page_read(dir, &set->pages[i], err);
	if (status == STATUS_OK)
		*out = set;
	else
		template_set_free(set);
	return status;
}

void template_set_free(struct template_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++) {
		free(set->pages[i].file);
		nodes_clear(&set->pages[i].nodes);
	}
	free(set->pages);
	languages_clear(&set->languages);
	free(set->dir);
	free(set);
}

const struct languages *template_languages(const struct template_set *set)
{
	return &set->languages;
}

const char *template_dir(const struct template_set *set)
{
	return set->dir;
}

enum status template_nodes(const struct template_set *set, const char *language, const char *file,
			   const struct nodes **out, struct error *err)
{
	for (size_t i = 0; i < set->count; i++) {
		struct page *page = &set->pages[i];
		const char *spoken = page->language != NULL ? page->language->name : "";

		if (strcmp(page->file, file) != 0 ||
		    (language != NULL && strcmp(spoken, language) != 0))
			continue;
		enum status status = page_read(set->dir, page, err);
		if (status == STATUS_OK && page->missing)
			break;
		if (status == STATUS_OK)
			*out = &page->nodes;
		return status;
	}
	return error_set(err, STATUS_NOT_FOUND,
			 "%s/%s: the file does not exist; check `templates` in [site]", set->dir,
			 file);
}

bool template_has(const struct template_set *set, const char *file)
{
	const struct nodes *nodes;

	return template_nodes(set, NULL, file, &nodes, NULL) == STATUS_OK;
}
