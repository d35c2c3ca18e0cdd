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
	struct nodes nodes;
};

struct template_set {
	struct page *pages;
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

static enum status page_load(const char *dir, const struct template_page *from, struct page *page,
			     struct error *err)
{
	page->file = strdup(from->file);
	if (!page->file)
		return error_no_memory(err);
	return template_parse(dir, from, &page->nodes, err);
}

enum status template_set_load(const char *dir, const struct template_page *pages, size_t n,
			      struct template_set **out, struct error *err)
{
	struct template_set *set = calloc(1, sizeof(*set));
	enum status status = STATUS_OK;

	if (set)
		set->pages = calloc(n ? n : 1, sizeof(*set->pages));
	if (!set || !set->pages) {
		template_set_free(set);
		return error_no_memory(err);
	}
	set->count = n;
	for (size_t i = 0; i < n && status == STATUS_OK; i++)
		status = page_load(dir, &pages[i], &set->pages[i], err);
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
	free(set);
}

const struct nodes *template_nodes(const struct template_set *set, const char *file)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->pages[i].file, file) == 0)
			return &set->pages[i].nodes;
	}
	return NULL;
}
