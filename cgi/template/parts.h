/*
 * Declarations that only the template files include. A page is parsed into one flat list of nodes.
 * Partials are expanded in context, and a section's children follow it up to `end`.
 */
#ifndef TEMPLATE_PARTS_H
#define TEMPLATE_PARTS_H

#include "base/json.h"
#include "template/template.h"

enum node_type { NODE_TEXT, NODE_VARIABLE, NODE_SECTION, NODE_INVERTED };

struct node {
	enum node_type type;
	char *text; /* owned; the text, or the name */
	size_t len;
	size_t end;  /* for a section: the index after its last child */
	size_t name; /* for a section or a variable: its index in the page's names */
	bool json;   /* a variable inside <script type="application/json"> */
};

struct nodes {
	const char *const *names; /* the page's names, borrowed */
	struct node *items;
	size_t count;
	size_t size;
	size_t closed;   /* the value of count when the last section ended */
	size_t text_len; /* bytes of all texts */
	size_t room;     /* typical size of the rendered page in bytes */
};

/*
 * nodes.c. Adds a node and copies its text. Returns STATUS_BAD_REQUEST if there are too many nodes
 * or the text is too long.
 */
enum status nodes_add(struct nodes *nodes, const struct node *node, struct error *err);
void nodes_clear(struct nodes *nodes);

/* texts.c: the languages of a folder. It is no error if there are none. */
struct language {
	char name[TEMPLATE_LANGUAGE_MAX + 1];
	struct json *texts; /* owned; NULL until it is read */
};
struct languages {
	struct language *items;
	size_t count;
};
enum status languages_list(const char *dir, struct languages *languages, struct error *err);
enum status language_read(const char *dir, struct language *language, struct error *err);
void languages_clear(struct languages *languages);

/*
 * parse.c. texts is NULL if there are none. After a failure nodes can hold a part of the page, so
 * the caller always clears it.
 */
enum status template_parse(const char *dir, const struct template_page *page,
			   const struct json *texts, struct nodes *nodes, struct error *err);

/*
 * template.c. Reads a file. It refuses a file that is not regular, is too large, is writable by
 * others, has a NUL or is not UTF-8.
 */
enum status template_file_read(const char *path, struct strbuf *out, struct error *err);
enum status template_nodes(const struct template_set *set, const char *language, const char *file,
			   const struct nodes **out, struct error *err);
const struct languages *template_languages(const struct template_set *set);
const char *template_dir(const struct template_set *set);

/* html.c: tracks the place in an HTML document, because escaping depends on it. */
/* a <script> tag whose type comes after this many bytes does not count as JSON */
#define HTML_TAG_MAX 256

enum html_state {
	HTML_TEXT,
	HTML_TAG_START, /* after '<' */
	HTML_TAG,
	HTML_QUOTED,
	HTML_COMMENT,
	HTML_SCRIPT, /* a script or a style, where entities are not decoded */
	HTML_SCRIPT_JSON
};
struct html_context {
	enum html_state state;
	char quote;
	bool code; /* the quoted attribute is a script or a style */
	char tag[HTML_TAG_MAX];
	size_t tag_len;
	const char *end_tag; /* "/script" or "/style" */
};
void html_context_feed(struct html_context *context, const char *text, size_t len);

enum html_value { HTML_VALUE_ESCAPED, HTML_VALUE_JSON, HTML_VALUE_REFUSED };
enum html_value html_context_value(const struct html_context *context);

#endif
