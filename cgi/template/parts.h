/*
 * Declarations that only the files of this folder share. A page is parsed into a flat list of
 * nodes. The nodes of a partial take the place of its tag. A section's children follow the section,
 * up to `end`.
 */
#ifndef TEMPLATE_PARTS_H
#define TEMPLATE_PARTS_H

#include "base/json.h"
#include "template/template.h"

enum node_type { NODE_TEXT, NODE_VARIABLE, NODE_SECTION, NODE_INVERTED };

struct node {
	enum node_type type;
	char *text; /* owned; the text of a text node, otherwise the node's name */
	size_t len;
	size_t end;  /* for a section: index after its last child */
	size_t name; /* for a section or variable: index of its name in the page's names */
	bool json;   /* true for a variable in <script type="application/json"> */
};

struct nodes {
	const char *const *names; /* the page's names, borrowed */
	struct node *items;
	size_t count;
	size_t size;
	size_t closed;   /* value of count at the end of the last section */
	size_t text_len; /* bytes in all text nodes */
	size_t room;     /* expected size of the rendered page in bytes */
};

/*
 * nodes.c: adds a node and copies its text. Returns STATUS_BAD_REQUEST if there are too many nodes
 * or too much text.
 */
enum status nodes_add(struct nodes *nodes, const struct node *node, struct error *err);
void nodes_clear(struct nodes *nodes);

/* texts.c: the languages of a template folder. A folder without languages is allowed. */
struct language {
	char name[TEMPLATE_LANGUAGE_MAX + 1];
	struct json *texts; /* owned; NULL until read */
};
struct languages {
	struct language *items;
	size_t count;
};
enum status languages_list(const char *dir, struct languages *languages, struct error *err);
enum status language_read(const char *dir, struct language *language, struct error *err);
void languages_clear(struct languages *languages);

/*
 * parse.c: parses a page. texts can be NULL. After a failure, nodes can contain a part of the page,
 * so the caller must always clear nodes.
 */
enum status template_parse(const char *dir, const struct template_page *page,
			   const struct json *texts, struct nodes *nodes, struct error *err);

/*
 * template.c: reads a file. Refuses it if it is not a regular file, is too large, is writable by
 * others, contains a NUL or is not UTF-8.
 */
enum status template_file_read(const char *path, struct strbuf *out, struct error *err);
enum status template_nodes(const struct template_set *set, const char *language, const char *file,
			   const struct nodes **out, struct error *err);
const struct languages *template_languages(const struct template_set *set);
const char *template_dir(const struct template_set *set);

/*
 * html.c: tracks the position in an HTML document. The position decides how a value must be
 * escaped.
 */
/* the type of a <script> must come within this many bytes, otherwise it is not treated as JSON */
#define HTML_TAG_MAX 256

enum html_state {
	HTML_TEXT,
	HTML_TAG_START, /* after '<' */
	HTML_TAG,
	HTML_QUOTED,
	HTML_COMMENT,
	HTML_SCRIPT, /* a script or style, in which entities are not decoded */
	HTML_SCRIPT_JSON
};
struct html_context {
	enum html_state state;
	char quote;
	bool code; /* true if the quoted attribute contains script or style code */
	char tag[HTML_TAG_MAX];
	size_t tag_len;
	const char *end_tag; /* "/script" or "/style" */
};
void html_context_feed(struct html_context *context, const char *text, size_t len);

enum html_value { HTML_VALUE_ESCAPED, HTML_VALUE_JSON, HTML_VALUE_REFUSED };
enum html_value html_context_value(const struct html_context *context);

#endif
