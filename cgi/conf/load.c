/*
 * Reads a file into struct conf. A line is KEY = VALUE, [section] or a comment. Refuses some forms
 * that other INI readers accept: a value that continues on an indented line, `key: value`, and text
 * after the bracket of a section.
 */
#include "conf/load.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "conf/value.h"

#define FILE_BYTES_MAX (16L * 1024 * 1024) /* bytes; enough for tens of thousands of sites */
/* initial size; most configurations have 1 or 2 sites; the array grows by half */
#define SITES_FIRST 4

#define BLANKS "\t "
#define UNCLEAR                                                                                    \
	"the line is not valid; write KEY = VALUE, [server], [site NAME], or a comment that "      \
	"begins with ;"

static int name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void load_forget_section(struct load *load)
{
	load->section = SECTION_NONE;
	memset(load->seen, 0, sizeof(load->seen));
}

/*
 * Removes the name from the tree if the tree contains this pointer. Does nothing if the tree has
 * only an equal name that belongs to an earlier site.
 */
void load_forget_name(struct load *load, const char *name)
{
	const char **node = tfind(name, &load->names, name_compare);

	if (node != NULL && *node == name)
		tdelete(name, &load->names, name_compare);
}

void load_clear(struct load *load)
{
	while (load->names != NULL) {
		const void *name = *(void *const *)load->names;
		tdelete(name, &load->names, name_compare);
	}
	databases_free(load->databases);
	load->databases = NULL;
}

/* ---- sections ---- */

static void *section_struct(const struct load *load)
{
	if (load->section == SECTION_SERVER)
		return &load->conf->server;
	return &load->conf->sites[load->conf->n_sites - 1];
}

static void defaults_set(struct load *load, enum conf_section section, void *defaults)
{
	for (size_t i = 0; i < conf_n_keys && load->status == STATUS_OK; i++)
		if (conf_keys[i].section == section)
			load->status = value_set_default(&conf_keys[i], defaults, load->err);
}

void load_defaults(struct load *load)
{
	struct conf *conf = load->conf;

	defaults_set(load, SECTION_SERVER, &conf->server_defaults);
	defaults_set(load, SECTION_SITE, &conf->site_defaults);
	conf->server = conf->server_defaults;
}

/* Copies the line numbers of the section's keys to *lines. */
static void lines_keep(struct load *load, struct conf_lines *lines)
{
	size_t count = 0;

	for (size_t i = 0; i < conf_n_keys; i++)
		count += load->seen[i] != 0;
	if (count == 0)
		return;
	lines->items = calloc(count, sizeof(*lines->items));
	if (lines->items == NULL) {
		load_no_memory(load);
		return;
	}
	for (size_t i = 0; i < conf_n_keys; i++)
		if (load->seen[i] != 0)
			lines->items[lines->count++] = (struct conf_line){
			    .key = (unsigned short)i, .line = (unsigned)load->seen[i]};
}

static void section_end(struct load *load)
{
	if (load->status != STATUS_OK)
		return;
	if (load->section == SECTION_SITE)
		lines_keep(load, &load->conf->sites[load->conf->n_sites - 1].lines);
	else if (load->section == SECTION_SERVER)
		lines_keep(load, &load->conf->server.lines);
	if (load->status != STATUS_OK)
		return;
	if (load->section == SECTION_SITE)
		load_check_site(load, section_struct(load));
	else if (load->section == SECTION_SERVER)
		load->sites_line = load->seen[conf_key_find(SECTION_SERVER, "sites") - conf_keys];
	load_forget_section(load);
}

static void server_begin(struct load *load)
{
	if (load->conf->n_files > 1)
		load_fault(load, load->line, "[server]", "is allowed only in %s",
			   load->conf->files[0]);
	if (load->server_seen)
		load_fault(load, load->line, "[server]",
			   "appears twice; put all keys into one [server] section");
	load->server_seen = true;
	load->section = SECTION_SERVER;
}

/* Appends a site that has the defaults to conf->sites. */
static struct site_conf *site_add(struct load *load)
{
	struct conf *conf = load->conf;
	if (conf->n_sites == load->sites_size) {
		size_t size =
		    load->sites_size == 0 ? SITES_FIRST : load->sites_size + load->sites_size / 2;
		struct site_conf *sites = reallocarray(conf->sites, size, sizeof(*sites));
		if (sites == NULL)
			return NULL;
		conf->sites = sites;
		load->sites_size = size;
	}
	struct site_conf *site = &conf->sites[conf->n_sites++];
	*site = conf->site_defaults;
	site->file = load->file;
	site->line = load->line;
	return site;
}

static const struct site_conf *site_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_sites; i++) {
		if (strcmp(conf->sites[i].name, name) == 0)
			return &conf->sites[i];
	}
	return NULL;
}

/* Adds the name to the tree. Returns false if the tree already has it. */
static bool name_add(struct load *load, char *name)
{
	char **node = tsearch(name, &load->names, name_compare);
	if (node == NULL)
		load_no_memory(load);
	return node == NULL || *node == name;
}

static void site_begin(struct load *load, const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	char section[CONF_SECTION_MAX + sizeof("[]")];
	snprintf(section, sizeof(section), "[site %s]", name);
	if (name[0] == '\0' || name[strspn(name, allowed)] != '\0') {
		load_fault(load, load->line, section,
			   "has an invalid name; allowed: letters, digits and - . _");
		return;
	}
	struct site_conf *site = site_add(load);
	char *copy = site == NULL ? NULL : strdup(name);
	if (copy == NULL) {
		load_no_memory(load);
		return;
	}
	site->name = copy;
	load->section = SECTION_SITE;
	if (!name_add(load, copy)) {
		const struct site_conf *first = site_find(load->conf, name);
		load_fault(load, load->line, section,
			   "is already defined at %s:%ld; change the name of one of the two",
			   first->file, first->line);
	}
}

/* Reads a line that begins with '['. */
static void section_begin(struct load *load, const char *line)
{
	size_t len = strcspn(line + 1, "]");
	const char *behind = line + 1 + len;
	if (*behind == '\0' || (behind[1] != '\0' && strchr(BLANKS, behind[1]) == NULL)) {
		load_fault(load, load->line, NULL, UNCLEAR);
		return;
	}
	behind += 1 + strspn(behind + 1, BLANKS);
	if (*behind != '\0' && *behind != ';' && *behind != '#') {
		load_fault(load, load->line, NULL, UNCLEAR);
		return;
	}
	if (len > CONF_SECTION_MAX) {
		load_fault(load, load->line, NULL,
			   "the section's name has %zu bytes; allowed: at most %d", len,
			   CONF_SECTION_MAX);
		return;
	}
	char name[CONF_SECTION_MAX + 1];
	memcpy(name, line + 1, len);
	name[len] = '\0';

	section_end(load);
	if (strcmp(name, "server") == 0)
		server_begin(load);
	else if (strncmp(name, "site", 4) == 0 && name[4] != '\0' &&
		 strchr(BLANKS, name[4]) != NULL)
		site_begin(load, name + 4 + strspn(name + 4, BLANKS));
	else
		load_fault(load, load->line, NULL,
			   "[%s]: unknown section; allowed: [server], [site NAME]", name);
}

/* ---- keys ---- */

static void key_unknown(struct load *load, const char *name)
{
	enum conf_section other = load->section == SECTION_SERVER ? SECTION_SITE : SECTION_SERVER;
	if (load->section == SECTION_NONE)
		load_fault(
		    load, load->line, name,
		    "is before the first section; begin the file with [server] or [site NAME]");
	else if (conf_key_find(other, name) != NULL)
		load_fault(load, load->line, name, "is a key of %s; move the line to that section",
			   other == SECTION_SERVER ? "[server]" : "[site NAME]");
	else
		load_fault(load, load->line, name,
			   "unknown key; `prebindctl conf --keys` lists the keys");
}

/* Returns false if the value is a comment, or if other INI readers would see a comment in it. */
static bool value_is_clear(const char *value)
{
	return value[0] != ';' && strstr(value, " #") == NULL && strstr(value, "\t#") == NULL;
}

static void pair_read(struct load *load, const char *name, const char *value)
{
	const struct conf_key *key = conf_key_find(load->section, name);
	if (key == NULL) {
		key_unknown(load, name);
		return;
	}
	long *seen = &load->seen[key - conf_keys];
	if (*seen != 0)
		load_fault(load, load->line, name,
			   "is already set in line %ld; remove one of the two lines", *seen);
	if (!value_is_clear(value))
		load_fault(load, load->line, name,
			   "a comment after a value must begin with a space and ; (not #)");
	if (load->status != STATUS_OK)
		return;
	*seen = load->line;

	struct error why;
	enum status status = value_set(key, value, section_struct(load), &why);
	if (status == STATUS_BAD_REQUEST)
		load_fault(load, load->line, name, "%s", why.text);
	else if (status != STATUS_OK)
		load_no_memory(load);
}

/* ---- lines ---- */

static void line_check(struct load *load, const char *line, size_t len)
{
	if (memchr(line, '\0', len) != NULL) {
		load_fault(load, load->line, NULL,
			   "the line has a NUL byte; the file must be text in UTF-8");
		return;
	}
	if (!utf8_valid(line, len)) {
		load_fault(load, load->line, NULL,
			   "the line is not valid UTF-8 text; save the file in UTF-8");
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if ((line[i] >= 0 && line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			load_fault(load, load->line, NULL,
				   "the line has a control character; remove it");
	}
}

/* Removes spaces and tabs from the end. */
static void blanks_cut(char *text, size_t len)
{
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
}

/* Cuts off a comment after a value. The comment begins with a space or tab and a semicolon. */
static void comment_cut(char *line)
{
	for (char *at = line; (at = strchr(at, ';')) != NULL; at++) {
		if (at > line && strchr(BLANKS, at[-1]) != NULL) {
			*at = '\0';
			return;
		}
	}
}

/* Reads a line, which has no newline. Splits it into key and value in place. */
static void line_read(struct load *load, char *line)
{
	size_t indent = strspn(line, BLANKS);
	if (line[indent] == '\0' || line[indent] == ';' || line[indent] == '#')
		return;
	if (indent > 0) {
		load_fault(load, load->line, NULL,
			   "the line is indented, but a value cannot continue on a second line; "
			   "remove the indentation");
		return;
	}
	if (line[0] == '[') {
		section_begin(load, line);
		return;
	}
	comment_cut(line);
	char *sign = strpbrk(line, "=:");
	if (sign == NULL || sign == line || *sign != '=') {
		load_fault(load, load->line, NULL, UNCLEAR);
		return;
	}
	char *value = sign + 1 + strspn(sign + 1, BLANKS);
	blanks_cut(value, strlen(value));
	blanks_cut(line, (size_t)(sign - line));
	pair_read(load, line, value);
}

/* ---- files ---- */

/* Adds the path to conf->files, and sets load->file to the added copy. */
static void file_add(struct load *load, const char *path)
{
	struct conf *conf = load->conf;
	char **files = reallocarray(conf->files, conf->n_files + 1, sizeof(*files));
	if (files != NULL)
		conf->files = files;
	char *copy = files == NULL ? NULL : strdup(path);
	if (copy == NULL) {
		load_no_memory(load);
		return;
	}
	conf->files[conf->n_files++] = copy;
	load->file = copy;
	load->line = 0;
}

static void file_refuse(struct load *load, enum file_fault fault, const struct file_found *found)
{
	switch (fault) {
	case FILE_NOT_OPENED:
		load_fault(load, 0, NULL, "cannot be opened: %s", strerrordesc_np(found->cause));
		if (found->cause == ENOENT)
			load->status = STATUS_NOT_FOUND;
		break;
	case FILE_NOT_REGULAR:
		load_fault(load, 0, NULL, "is not a regular file");
		break;
	case FILE_WRITABLE:
		load_fault(load, 0, NULL,
			   "may be written by others (mode %04o); run: chmod go-w %s", found->mode,
			   load->file);
		break;
	case FILE_TOO_LONG:
		load_fault(load, 0, NULL, "is larger than %ld bytes", FILE_BYTES_MAX);
		break;
	case FILE_NOT_READ:
		load_fault(load, 0, NULL, "cannot be read: %s", strerrordesc_np(found->cause));
		break;
	case FILE_OK:
	case FILE_NO_MEMORY:
	default:
		load_no_memory(load);
	}
}

static void file_parse(struct load *load, const struct strbuf *text)
{
	static const char mark[] = "\xef\xbb\xbf"; /* byte order mark, which some editors write */
	char *next = text->data, *end = text->data + text->len;
	if (text->len >= 3 && memcmp(text->data, mark, 3) == 0)
		next += 3;

	while (load->status == STATUS_OK && next < end) {
		char *line = next, *newline = memchr(next, '\n', (size_t)(end - next));
		char *line_end = newline == NULL ? end : newline;
		next = newline == NULL ? end : newline + 1;
		load->line++;
		if (line_end > line && line_end[-1] == '\r')
			line_end--;
		line_check(load, line, (size_t)(line_end - line));
		*line_end = '\0';
		if (load->status == STATUS_OK)
			line_read(load, line);
	}
	section_end(load);
}

void load_file(struct load *load, const char *path)
{
	file_add(load, path);
	if (load->status != STATUS_OK)
		return;
	if (load->conf->n_files == 1)
		load->conf->server.file = load->file;
	struct strbuf text;
	struct file_found found;
	strbuf_init(&text);
	enum file_fault fault = file_read(path, FILE_BY_OWNER, FILE_BYTES_MAX, &text, &found);
	if (fault != FILE_OK)
		file_refuse(load, fault, &found);
	if (load->status == STATUS_OK)
		file_parse(load, &text);
	strbuf_clear(&text);
}
