/*
 * Parses a Mustache page into a list of nodes (mustache(5)). Errors in the template are reported
 * here, with the file and the line. Rendering can then fail only if out of memory, or if JSON is in
 * the wrong place. {{{raw}}}, {{&raw}} and other delimiters are not supported, on purpose. A line
 * that has only a tag and spaces is removed.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "template/parts.h"

#define NAME_MAX_LEN 64
/* limit on partials in a page; every inclusion is counted, even of an empty partial */
#define PARTIALS_MAX 256
#define TEXT_PREFIX  "t." /* {{t.KEY}} stands for a text in the page's language */

struct parser {
	const char *dir;
	const struct template_page *page;
	const struct json *texts; /* texts in the page's language; NULL if there are none */
	struct nodes *nodes;
	struct html_context context;
	const char *partials[TEMPLATE_DEPTH_MAX]; /* names of the partials being expanded */
	size_t n_partials;
	size_t expanded; /* number of partials expanded so far */
	struct error *err;
};

struct source {
	const char *file;
	const char *text;
	size_t len;
	size_t sections[TEMPLATE_DEPTH_MAX]; /* indexes of the open sections' nodes */
	size_t offsets[TEMPLATE_DEPTH_MAX];  /* offsets in text where the open sections begin */
	size_t n_sections;
};

struct tag {
	char sigil; /* one of # ^ / ! > or 0 for a variable */
	char name[NAME_MAX_LEN + 1];
	size_t begin, end; /* offsets of "{{" and of the byte after "}}" */
	/*
	 * offsets of the whole line if the line has only this tag, otherwise equal to begin and end
	 */
	size_t line_begin, line_end;
};

static enum status parse_source(struct parser *p, struct source *src);

static enum status refuse(const struct parser *p, const struct source *src, size_t offset,
			  const char *what, const char *name)
{
	long line = 1;

	for (size_t i = 0; i < offset && i < src->len; i++)
		line += src->text[i] == '\n';
	return error_set(p->err, STATUS_BAD_REQUEST, "%s:%ld: %s%s%s", src->file, line, what,
			 *name ? ": " : "", name);
}

static enum status add_node(struct parser *p, const struct node *node)
{
	struct error why = {0};
	enum status status = nodes_add(p->nodes, node, &why);

	if (status != STATUS_OK)
		error_set(p->err, status, "%s/%s: %s", p->dir, p->page->file, why.text);
	return status;
}

static enum status add_text(struct parser *p, const struct source *src, size_t begin, size_t end)
{
	struct node node = {
	    .type = NODE_TEXT,
	    .text = (char *)src->text + begin,
	    .len = end - begin,
	};

	if (begin == end)
		return STATUS_OK;
	html_context_feed(&p->context, node.text, node.len);
	return add_node(p, &node);
}

static enum status find_name(const struct parser *p, const struct source *src,
			     const struct tag *tag, size_t *out)
{
	for (size_t i = 0; i < TEMPLATE_NAMES_MAX && p->page->names[i] != NULL; i++) {
		if (strcmp(p->page->names[i], tag->name) != 0)
			continue;
		*out = i;
		return STATUS_OK;
	}
	return refuse(p, src, tag->begin, "the page has no value with this name", tag->name);
}

static enum status add_named(struct parser *p, const struct source *src, const struct tag *tag,
			     enum node_type type)
{
	enum html_value value = html_context_value(&p->context);
	struct node node = {
	    .type = type,
	    .text = (char *)tag->name,
	    .len = strlen(tag->name),
	    .json = value == HTML_VALUE_JSON,
	};
	enum status status = find_name(p, src, tag, &node.name);

	if (status == STATUS_OK && type == NODE_VARIABLE && value == HTML_VALUE_REFUSED)
		status = refuse(
		    p, src, tag->begin,
		    "a value cannot be escaped in a script or style, or in a tag without quotes",
		    tag->name);
	return status == STATUS_OK ? add_node(p, &node) : status;
}

static bool is_text(const struct tag *tag)
{
	return tag->sigil == 0 && strncmp(tag->name, TEXT_PREFIX, strlen(TEXT_PREFIX)) == 0;
}

/*
 * Adds a text in the page's language. It is escaped here, and not each time the page is rendered.
 */
static enum status add_language_text(struct parser *p, const struct source *src,
				     const struct tag *tag)
{
	const char *text = json_string(json_member(p->texts, tag->name + strlen(TEXT_PREFIX)));
	struct strbuf escaped;

	if (text == NULL)
		return refuse(p, src, tag->begin, "lang/ contains no text with this name",
			      tag->name);
	if (html_context_value(&p->context) != HTML_VALUE_ESCAPED)
		return refuse(p, src, tag->begin, "a text must not be inside a tag or a script",
			      tag->name);
	strbuf_init(&escaped);
	codec_html(&escaped, text);
	struct node node = {.type = NODE_TEXT, .text = escaped.data, .len = escaped.len};
	enum status status = STATUS_OK;
	if (!strbuf_ok(&escaped))
		status = error_no_memory(p->err);
	else if (escaped.len > 0)
		status = add_node(p, &node);
	strbuf_clear(&escaped);
	return status;
}

static enum status open_section(struct parser *p, struct source *src, const struct tag *tag)
{
	enum node_type type = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;
	enum status status;

	if (src->n_sections + p->n_partials >= TEMPLATE_DEPTH_MAX)
		return refuse(p, src, tag->begin, "the sections are nested too deeply", tag->name);
	status = add_named(p, src, tag, type);
	if (status != STATUS_OK)
		return status;
	src->sections[src->n_sections] = p->nodes->count - 1;
	src->offsets[src->n_sections++] = tag->begin;
	return STATUS_OK;
}

static enum status close_section(struct parser *p, struct source *src, const struct tag *tag)
{
	struct node *open;

	if (src->n_sections == 0)
		return refuse(p, src, tag->begin, "this section was not opened", tag->name);
	open = &p->nodes->items[src->sections[src->n_sections - 1]];
	if (strcmp(open->text, tag->name) != 0)
		return refuse(p, src, tag->begin, "another section must be closed first",
			      open->text);
	open->end = p->nodes->count;
	p->nodes->closed = open->end;
	src->n_sections--;
	return STATUS_OK;
}

/*
 * Copies the partial's text and puts the tag's indentation before each line. This happens before
 * the text is parsed, so a value with several lines is not indented.
 */
static void indent(struct strbuf *out, const struct strbuf *text, const struct source *src,
		   const struct tag *tag)
{
	const char *line = text->data, *end = text->data + text->len;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *next = newline != NULL ? newline + 1 : end;

		strbuf_add(out, src->text + tag->line_begin, tag->begin - tag->line_begin);
		strbuf_add(out, line, (size_t)(next - line));
		line = next;
	}
}

static enum status expand_partial(struct parser *p, const struct source *src, const struct tag *tag,
				  const char *path)
{
	struct strbuf text, indented;
	enum status status;

	strbuf_init(&text);
	strbuf_init(&indented);
	status = template_file_read(path, &text, p->err);
	if (status == STATUS_NOT_FOUND)
		status = refuse(p, src, tag->begin, "this partial does not exist", path);
	if (status == STATUS_OK) {
		indented.max = TEMPLATE_FILE_MAX;
		indent(&indented, &text, src, tag);
		if (!strbuf_ok(&indented) && !strbuf_is_full(&indented))
			status = error_no_memory(p->err);
		else if (!strbuf_ok(&indented))
			status = refuse(p, src, tag->begin,
					"the partial is too long with the indentation of this tag",
					path);
	}
	if (status == STATUS_OK) {
		struct source inner = {.file = path, .text = indented.data, .len = indented.len};

		p->partials[p->n_partials++] = tag->name;
		status = parse_source(p, &inner);
		p->n_partials--;
	}
	strbuf_clear(&indented);
	strbuf_clear(&text);
	return status;
}

static enum status add_partial(struct parser *p, const struct source *src, const struct tag *tag)
{
	struct strbuf path;
	enum status status;

	for (size_t i = 0; i < p->n_partials; i++) {
		if (strcmp(p->partials[i], tag->name) == 0)
			return refuse(p, src, tag->begin, "this partial includes itself",
				      tag->name);
	}
	if (p->expanded++ == PARTIALS_MAX)
		return refuse(p, src, tag->begin, "the page has more than 256 partials", tag->name);
	if (strchr(tag->name, '.') != NULL)
		return refuse(p, src, tag->begin, "a partial's name must not have dots", tag->name);
	if (src->n_sections + p->n_partials >= TEMPLATE_DEPTH_MAX)
		return refuse(p, src, tag->begin, "the partials are nested too deeply", tag->name);
	strbuf_init(&path);
	strbuf_addf(&path, "%s/partials/%s.html", p->dir, tag->name);
	status =
	    strbuf_ok(&path) ? expand_partial(p, src, tag, path.data) : error_no_memory(p->err);
	strbuf_clear(&path);
	return status;
}

/* Finds out if the line has only this tag, spaces and tabs, and sets line_begin and line_end. */
static void find_line(const struct source *src, struct tag *tag)
{
	size_t begin = tag->begin, end = tag->end;

	tag->line_begin = begin;
	tag->line_end = end;
	if (tag->sigil == 0)
		return;
	while (begin > 0 && (src->text[begin - 1] == ' ' || src->text[begin - 1] == '\t'))
		begin--;
	while (end < src->len && (src->text[end] == ' ' || src->text[end] == '\t'))
		end++;
	if (end + 1 < src->len && src->text[end] == '\r' && src->text[end + 1] == '\n')
		end++;
	if ((begin > 0 && src->text[begin - 1] != '\n') ||
	    (end < src->len && src->text[end] != '\n'))
		return;
	tag->line_begin = begin;
	tag->line_end = end < src->len ? end + 1 : end;
}

static enum status read_name(const struct parser *p, const struct source *src, const char *text,
			     size_t len, struct tag *tag)
{
	size_t begin = 0;

	while (begin < len && isspace((unsigned char)text[begin]))
		begin++;
	while (len > begin && isspace((unsigned char)text[len - 1]))
		len--;
	if (len == begin || len - begin > NAME_MAX_LEN)
		return refuse(p, src, tag->begin, "the tag has no name, or its name is too long",
			      "");
	for (size_t i = begin; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr("_-.", text[i]) == NULL)
			return refuse(p, src, tag->begin,
				      "a name can contain only letters, digits, '_', '-' and '.'",
				      "");
	}
	memcpy(tag->name, text + begin, len - begin);
	tag->name[len - begin] = '\0';
	return STATUS_OK;
}

/* Reads the tag that begins at tag->begin. */
static enum status read_tag(const struct parser *p, const struct source *src, struct tag *tag)
{
	const char *inside = src->text + tag->begin + 2;
	size_t left = src->len - tag->begin - 2;
	const char *close = memmem(inside, left, "}}", 2);

	if (close == NULL)
		return refuse(p, src, tag->begin, "the tag has no '}}'", "");
	tag->end = (size_t)(close - src->text) + 2;
	if (*inside == '{' || *inside == '&')
		return refuse(p, src, tag->begin,
			      "raw tags are not supported, because every value must be escaped",
			      "");
	if (*inside == '=')
		return refuse(p, src, tag->begin, "the delimiters cannot be changed", "");
	tag->sigil = strchr("#^/!>", *inside) != NULL ? *inside : 0;
	find_line(src, tag);
	if (tag->sigil)
		inside++;
	if (tag->sigil == '!')
		return STATUS_OK;
	return read_name(p, src, inside, (size_t)(close - inside), tag);
}

static enum status add_tag(struct parser *p, struct source *src, const struct tag *tag)
{
	if (is_text(tag))
		return add_language_text(p, src, tag);
	switch (tag->sigil) {
	case '!':
		return STATUS_OK;
	case '#':
	case '^':
		return open_section(p, src, tag);
	case '/':
		return close_section(p, src, tag);
	case '>':
		return add_partial(p, src, tag);
	default:
		return add_named(p, src, tag, NODE_VARIABLE);
	}
}

static enum status parse_source(struct parser *p, struct source *src)
{
	size_t done = 0;
	const char *found;

	while ((found = memmem(src->text + done, src->len - done, "{{", 2)) != NULL) {
		struct tag tag = {.begin = (size_t)(found - src->text)};
		enum status status = read_tag(p, src, &tag);

		if (status == STATUS_OK)
			status = add_text(p, src, done, tag.line_begin);
		if (status == STATUS_OK)
			status = add_tag(p, src, &tag);
		if (status != STATUS_OK)
			return status;
		done = tag.line_end;
	}
	if (src->n_sections > 0)
		return refuse(p, src, src->offsets[src->n_sections - 1],
			      "this section is not closed",
			      p->nodes->items[src->sections[src->n_sections - 1]].text);
	return add_text(p, src, done, src->len);
}

enum status template_parse(const char *dir, const struct template_page *page,
			   const struct json *texts, struct nodes *nodes, struct error *err)
{
	struct parser parser = {
	    .dir = dir, .page = page, .texts = texts, .nodes = nodes, .err = err};
	struct strbuf path, text;
	enum status status;

	nodes->names = page->names;
	strbuf_init(&path);
	strbuf_init(&text);
	strbuf_addf(&path, "%s/%s", dir, page->file);
	status =
	    strbuf_ok(&path) ? template_file_read(path.data, &text, err) : error_no_memory(err);
	if (status == STATUS_OK) {
		struct source source = {.file = path.data, .text = text.data, .len = text.len};

		status = parse_source(&parser, &source);
	}
	strbuf_clear(&text);
	strbuf_clear(&path);
	return status;
}
