/*
 * XML into a small tree. What makes XML dangerous or dear is refused at its first sign: a DTD
 * (and with it every entity of its own), depth, numbers, length. Handlers only ever stop the
 * parser; it is freed after XML_Parse has returned (freeing it inside a handler is use after
 * free).
 */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <expat.h>

#include "base/strbuf.h"
#include "base/xml.h"

#define XML_DEPTH_MAX    8     /* command, x, field, value: four are in use */
#define XML_ELEMENTS_MAX 200   /* stream features are the longest list we read */
#define XML_ATTRS_MAX    16    /* a BOSH body has ten or so */
#define XML_TEXT_MAX     16384 /* bytes, all character data and attribute values together */

/* Between namespace and local name: neither can hold it (expat refuses a namespace that does). */
#define XML_NS_SEPARATOR '\n'

struct level {
	struct xml_node *node;
	struct xml_node *last_child;
	struct strbuf text;
};

struct reader {
	XML_Parser parser;
	struct xml_node *root;
	struct level levels[XML_DEPTH_MAX];
	size_t depth;
	size_t elements;
	size_t text_len;
	const char *problem; /* set once; handlers may still be called afterwards */
	bool no_memory;
};

static void stop(struct reader *reader, const char *problem)
{
	if (reader->problem == NULL)
		reader->problem = problem;
	XML_StopParser(reader->parser, XML_FALSE);
}

static void stop_no_memory(struct reader *reader)
{
	reader->no_memory = true;
	stop(reader, "out of memory");
}

/* Counts text against its limit. */
static bool text_fits(struct reader *reader, size_t len)
{
	if (len > XML_TEXT_MAX - reader->text_len) {
		stop(reader, "more than 16 KiB of text");
		return false;
	}
	reader->text_len += len;
	return true;
}

/* Answers hold sid, rid and challenges: texts are wiped. */
static void free_text(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

static void free_attrs(struct xml_attr *attr)
{
	while (attr != NULL) {
		struct xml_attr *next = attr->next;

		free(attr->name);
		free(attr->ns);
		free_text(attr->value);
		free(attr);
		attr = next;
	}
}

/* Recursion no deeper than XML_DEPTH_MAX. */
void xml_free(struct xml_node *root)
{
	while (root != NULL) {
		struct xml_node *next = root->next;

		xml_free(root->children);
		free_attrs(root->attrs);
		free(root->name);
		free(root->ns);
		free_text(root->text);
		free(root);
		root = next;
	}
}

/*
 * "namespace\nlocal" or "local", as expat gives names. On failure, too, what is set is to be
 * freed.
 */
static bool split_name(const char *full, char **ns, char **name)
{
	const char *local = strrchr(full, XML_NS_SEPARATOR);

	*ns = local == NULL ? strdup("") : strndup(full, (size_t)(local - full));
	*name = strdup(local == NULL ? full : local + 1);
	return *ns != NULL && *name != NULL;
}

/* NULL: out of memory. */
static struct xml_attr *attr_new(const XML_Char *name, const XML_Char *value)
{
	struct xml_attr *attr = calloc(1, sizeof *attr);

	if (attr == NULL)
		return NULL;
	attr->value = strdup(value);
	if (split_name(name, &attr->ns, &attr->name) && attr->value != NULL)
		return attr;
	free_attrs(attr);
	return NULL;
}

static struct xml_node *node_new(const XML_Char *name)
{
	struct xml_node *node = calloc(1, sizeof *node);

	if (node == NULL || split_name(name, &node->ns, &node->name))
		return node;
	xml_free(node);
	return NULL;
}

static void add_attrs(struct reader *reader, struct xml_node *node, const XML_Char *const *attrs)
{
	struct xml_attr **end = &node->attrs;

	for (size_t i = 0; attrs[2 * i] != NULL; i++) {
		if (i == XML_ATTRS_MAX) {
			stop(reader, "more than 16 attributes in one element");
			return;
		}
		if (!text_fits(reader, strlen(attrs[2 * i + 1])))
			return;
		*end = attr_new(attrs[2 * i], attrs[2 * i + 1]);
		if (*end == NULL) {
			stop_no_memory(reader);
			return;
		}
		end = &(*end)->next;
	}
}

static void link_node(struct reader *reader, struct xml_node *node)
{
	struct level *parent;

	if (reader->depth == 0) {
		reader->root = node;
		return;
	}
	parent = &reader->levels[reader->depth - 1];
	if (parent->last_child == NULL)
		parent->node->children = node;
	else
		parent->last_child->next = node;
	parent->last_child = node;
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attrs)
{
	struct reader *reader = data;
	struct xml_node *node;
	struct level *level;

	if (reader->problem != NULL)
		return;
	if (reader->depth == XML_DEPTH_MAX || ++reader->elements > XML_ELEMENTS_MAX) {
		stop(reader, "more than 8 levels or 200 elements");
		return;
	}
	node = node_new(name);
	if (node == NULL) {
		stop_no_memory(reader);
		return;
	}
	link_node(reader, node);
	level = &reader->levels[reader->depth++];
	level->node = node;
	level->last_child = NULL;
	strbuf_init_secret(&level->text);
	add_attrs(reader, node, attrs);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
	struct reader *reader = data;
	struct level *level;

	(void)name;
	if (reader->problem != NULL)
		return;
	level = &reader->levels[--reader->depth];
	level->node->text = strbuf_take(&level->text);
	if (level->node->text == NULL)
		stop_no_memory(reader);
}

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
	struct reader *reader = data;

	if (reader->problem != NULL || reader->depth == 0 || !text_fits(reader, (size_t)len))
		return;
	strbuf_add(&reader->levels[reader->depth - 1].text, text, (size_t)len);
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	stop(data, "a DTD, which we never read");
}

static enum status read_document(struct reader *reader, const char *data, size_t len,
				 struct error *err)
{
	enum XML_Error code;

	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	if (XML_Parse(reader->parser, data, (int)len, XML_TRUE) == XML_STATUS_OK)
		return STATUS_OK;
	code = XML_GetErrorCode(reader->parser);
	if (reader->no_memory || code == XML_ERROR_NO_MEMORY)
		return error_no_memory(err);
	return error_set(err, STATUS_BAD_REQUEST, "not XML as we read it: %s, at line %lu",
			 reader->problem != NULL ? reader->problem : XML_ErrorString(code),
			 (unsigned long)XML_GetCurrentLineNumber(reader->parser));
}

/*
 * UTF-16 and its kin need zero bytes for markup; so without NULs the document's own word decides.
 */
static enum status check_encoding(const char *data, size_t len, const char *encoding,
				  struct error *err)
{
	if (len > INT_MAX || (len > 0 && memchr(data, '\0', len) != NULL))
		return error_set(err, STATUS_BAD_REQUEST,
				 "not XML as we read it: NUL bytes, or too long");
	if (encoding == NULL || strcasecmp(encoding, "UTF-8") == 0 ||
	    strcasecmp(encoding, "ISO-8859-1") == 0 || strcasecmp(encoding, "US-ASCII") == 0)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST, "XML in \"%s\": we read UTF-8 and ISO-8859-1",
			 encoding);
}

enum status xml_parse(const char *data, size_t len, const char *encoding, struct xml_node **out,
		      struct error *err)
{
	struct reader reader = {.depth = 0};
	enum status status = check_encoding(data, len, encoding, err);

	if (status != STATUS_OK)
		return status;
	reader.parser = XML_ParserCreateNS(encoding, XML_NS_SEPARATOR);
	if (reader.parser == NULL)
		return error_no_memory(err);
	status = read_document(&reader, data, len, err);
	XML_ParserFree(reader.parser);
	while (reader.depth > 0) /* elements left open by a failure */
		strbuf_clear(&reader.levels[--reader.depth].text);
	if (status == STATUS_OK)
		*out = reader.root;
	else
		xml_free(reader.root);
	return status;
}

static bool same(const char *wanted, const char *is)
{
	return wanted == NULL || strcmp(wanted, is) == 0;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *ns, const char *name)
{
	const struct xml_node *child = node == NULL ? NULL : node->children;

	while (child != NULL && !(same(ns, child->ns) && strcmp(name, child->name) == 0))
		child = child->next;
	return child;
}

const char *xml_attr(const struct xml_node *node, const char *ns, const char *name)
{
	const struct xml_attr *attr = node == NULL ? NULL : node->attrs;

	while (attr != NULL &&
	       !(strcmp(ns == NULL ? "" : ns, attr->ns) == 0 && strcmp(name, attr->name) == 0))
		attr = attr->next;
	return attr == NULL ? NULL : attr->value;
}
