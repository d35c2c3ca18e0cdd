/*
 * The set of pages a site has: reads the files, lets template_parse.c make lists of nodes of
 * them, and keeps these. After the load nothing here changes: all threads render from one set.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "web/template_parts.h"

struct page {
	char *file;
	const char *language; /* borrowed from the set's; "" where there is none */
	struct nodes nodes;
};

struct template_set {
	struct languages languages;
	struct page *pages; /* each page in each language */
	size_t count;
};

/* Whoever can write a template can write script into everybody's page. */
static enum status check_file(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(err, STATUS_INTERNAL, "%s: cannot look at it: %m", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, STATUS_BAD_REQUEST, "%s: is not a file", path);
	if (st.st_mode & S_IWOTH)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: everybody may write it; run chmod o-w on it", path);
	if (st.st_size > TEMPLATE_FILE_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "%s: longer than %d bytes", path,
				 TEMPLATE_FILE_MAX);
	return STATUS_OK;
}

static enum status read_all(int fd, const char *path, struct strbuf *out, struct error *err)
{
	char chunk[4096];
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, STATUS_INTERNAL, "%s: cannot read it: %m", path);
		strbuf_add(out, chunk, (size_t)got);
		if (!strbuf_ok(out) || out->len > TEMPLATE_FILE_MAX)
			return error_set(err, STATUS_INTERNAL, "%s: grew while it was read", path);
	}
	if (memchr(out->data, '\0', out->len) || !utf8_valid(out->data, out->len))
		return error_set(err, STATUS_BAD_REQUEST, "%s: is not UTF-8 text", path);
	return STATUS_OK;
}

enum status template_file_read(const char *path, struct strbuf *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum status status;

	if (fd < 0)
		return error_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_INTERNAL,
				 "%s: cannot open this template: %m; check `templates` in [site]",
				 path);
	status = check_file(fd, path, err);
	if (status == STATUS_OK)
		status = read_all(fd, path, out, err);
	close(fd);
	return status;
}

/* Adds the page in one language; one that is optional and not there is left out. */
static enum status add_page(struct template_set *set, const char *dir,
			    const struct template_page *from, const struct language *language,
			    struct error *err)
{
	struct page *page = &set->pages[set->count];
	enum status status = STATUS_OK;

	page->file = strdup(from->file);
	if (!page->file)
		return error_no_memory(err);
	page->language = language ? language->name : "";
	set->count++;
	status = template_parse(dir, from, language ? language->texts : NULL, &page->nodes, err);
	if (status == STATUS_NOT_FOUND && from->optional) {
		free(page->file);
		nodes_clear(&page->nodes);
		page->file = NULL;
		set->count--;
		status = STATUS_OK;
	}
	return status;
}

static enum status load_pages(struct template_set *set, const char *dir,
			      const struct template_page *pages, size_t n, struct error *err)
{
	size_t n_languages = set->languages.count ? set->languages.count : 1;
	enum status status = STATUS_OK;

	set->pages = calloc(n ? n * n_languages : 1, sizeof(*set->pages));
	if (!set->pages)
		return error_no_memory(err);
	for (size_t i = 0; i < n * n_languages && status == STATUS_OK; i++) {
		const struct language *language =
		    set->languages.count ? &set->languages.items[i / n] : NULL;

		status = add_page(set, dir, &pages[i % n], language, err);
	}
	return status;
}

enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err)
{
	struct template_set *set = calloc(1, sizeof(*set));
	enum status status;

	if (!set)
		return error_no_memory(err);
	status = languages_load(dir, &set->languages, err);
	if (status == STATUS_OK)
		status = load_pages(set, dir, pages, n, err);
	if (status == STATUS_OK)
		*out = set;
	else
		template_set_free(set);
	return status;
}

void template_set_free(struct template_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++) {
		free(set->pages[i].file);
		nodes_clear(&set->pages[i].nodes);
	}
	free(set->pages);
	languages_clear(&set->languages);
	free(set);
}

const struct languages *template_languages(const struct template_set *set)
{
	return &set->languages;
}

const struct nodes *template_nodes(const struct template_set *set, const char *language,
				   const char *file)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct page *page = &set->pages[i];

		if (strcmp(page->file, file) == 0 &&
		    (!language || strcmp(page->language, language) == 0))
			return &page->nodes;
	}
	return NULL;
}

bool template_has(const struct template_set *set, const char *file)
{
	return template_nodes(set, NULL, file) != NULL;
}
