/*
 * Parses XML into a small tree. Dangerous or expensive input is refused as soon as it is found.
 * This is any DTD (and so all entities that a document defines), and too many levels, elements,
 * attributes or bytes of text. Handlers only stop the parser. The parser is freed after XML_Parse
 * returns, because expat still uses it after a handler has returned.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <expat.h>

#include "base/strbuf.h"
#include "base/xml.h"

#define XML_DEPTH_MAX    8     /* levels; five are used: command, fields, item, value, item */
#define XML_ELEMENTS_MAX 200   /* stream features are the longest list that we read */
#define XML_ATTRS_MAX    16    /* a BOSH body has about ten */
#define XML_TEXT_MAX     16384 /* bytes of all character data and attribute values together */
#define XML_NAME_MAX     256   /* bytes of a local name or a namespace; real names have up to 60 */
#define XML_NS_MAX       64    /* different namespaces; each element is compared with all of them */

/*
 * Separates the namespace from the local name in expat's names. Neither can contain the separator,
 * because expat refuses a namespace that contains it.
 */
#define XML_NS_SEPARATOR '\n'

/* A namespace is stored once, even if many elements use it. */
struct namespace
{
	struct namespace *next;
	char uri[];
};

/* A document, which owns the root and its namespaces. */
struct document {
	struct namespace *namespaces;
	size_t n_namespaces;
	struct xml_node root;
};

struct level {
	struct xml_node *node;
	struct xml_node *last_child;
	struct strbuf text;
};

/*
 * Expat copies a namespace once for each attribute that uses it, before a handler can stop the
 * parser. So this file limits expat's memory to EXPAT_PER_BYTE bytes for each byte of the document.
 * The limit is per thread, because a thread reads only one document at a time.
 */
#define EXPAT_PER_BYTE 8
#define EXPAT_MIN      393216 /* bytes that even a short document can use */

static _Thread_local struct {
	size_t left;
	bool exceeded;
} expat_room;

union block {
	size_t size;
	max_align_t align; /* aligns the memory after it */
};

static void *expat_realloc(void *old, size_t size)
{
	union block *block = old == NULL ? NULL : (union block *)old - 1;
	size_t had = block == NULL ? 0 : block->size;

	if (size > had + expat_room.left) {
		expat_room.exceeded = true;
		return NULL;
	}
	union block *resized = realloc(block, sizeof(*block) + size);
	if (resized == NULL)
		return NULL;
	expat_room.left += had - size;
	resized->size = size;
	return resized + 1;
}

static void *expat_malloc(size_t size)
{
	return expat_realloc(NULL, size);
}

static void expat_free(void *old)
{
	if (old == NULL)
		return;
	expat_room.left += ((union block *)old - 1)->size;
	free((union block *)old - 1);
}

static const XML_Memory_Handling_Suite expat_memory = {expat_malloc, expat_realloc, expat_free};

struct reader {
	XML_Parser parser;
	struct document *document;
	struct level levels[XML_DEPTH_MAX];
	size_t depth;
	size_t elements;
	size_t text_len;
	const char *problem; /* set once; handlers can still be called afterwards */
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

/* Counts len bytes of text against the limit. */
static bool text_fits(struct reader *reader, size_t len)
{
	if (len > XML_TEXT_MAX - reader->text_len) {
		stop(reader, "more than 16 KiB of text");
		return false;
	}
	reader->text_len += len;
	return true;
}

/*
 * Wipes the text before it is freed, because answers of XMPP servers contain secrets: sid, rid and
 * challenges.
 */
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
		free_text(attr->value);
		free(attr);
		attr = next;
	}
}

static void free_nodes(struct xml_node *node);

static void clear_node(struct xml_node *node)
{
	free_nodes(node->children);
	free_attrs(node->attrs);
	free(node->name);
	free_text(node->text);
}

/* The recursion is at most XML_DEPTH_MAX deep. */
static void free_nodes(struct xml_node *node)
{
	while (node != NULL) {
		struct xml_node *next = node->next;

		clear_node(node);
		free(node);
		node = next;
	}
}

static void free_document(struct document *document)
{
	struct namespace *ns = document->namespaces;

	clear_node(&document->root);
	while (ns != NULL) {
		struct namespace *next = ns->next;

		free(ns);
		ns = next;
	}
	free(document);
}

void xml_free(struct xml_node *root)
{
	if (root != NULL)
		free_document((struct document *)((char *)root - offsetof(struct document, root)));
}

/*
 * Returns the document's copy of the namespace, and stores it first if it is new. Returns NULL if
 * the reader was stopped.
 */
static const char *namespace_get(struct reader *reader, const char *uri, size_t len)
{
	struct document *document = reader->document;
	struct namespace *ns = document->namespaces;

	while (ns != NULL && !(strncmp(ns->uri, uri, len) == 0 && ns->uri[len] == '\0'))
		ns = ns->next;
	if (ns != NULL)
		return ns->uri;
	if (document->n_namespaces == XML_NS_MAX) {
		stop(reader, "more than 64 namespaces");
		return NULL;
	}
	ns = malloc(sizeof(*ns) + len + 1);
	if (ns == NULL) {
		stop_no_memory(reader);
		return NULL;
	}
	memcpy(ns->uri, uri, len);
	ns->uri[len] = '\0';
	ns->next = document->namespaces;
	document->namespaces = ns;
	document->n_namespaces++;
	return ns->uri;
}

/*
 * Splits a name of expat's form, "namespace\nlocal" or "local". Returns false if the reader was
 * stopped. The caller frees *name even then.
 */
static bool split_name(struct reader *reader, const char *full, const char **ns, char **name)
{
	const char *separator = strchr(full, XML_NS_SEPARATOR);
	const char *local = separator == NULL ? full : separator + 1;
	size_t ns_len = separator == NULL ? 0 : (size_t)(separator - full);

	if (ns_len > XML_NAME_MAX || strlen(local) > XML_NAME_MAX) {
		stop(reader, "a name or a namespace of more than 256 bytes");
		return false;
	}
	*ns = namespace_get(reader, full, ns_len);
	if (*ns == NULL)
		return false;
	*name = strdup(local);
	if (*name == NULL)
		stop_no_memory(reader);
	return *name != NULL;
}

/* Returns the new attribute, or NULL if the reader was stopped. */
static struct xml_attr *attr_new(struct reader *reader, const XML_Char *name, const XML_Char *value)
{
	struct xml_attr *attr = calloc(1, sizeof(*attr));

	if (attr == NULL || (attr->value = strdup(value)) == NULL)
		stop_no_memory(reader);
	else if (split_name(reader, name, &attr->ns, &attr->name))
		return attr;
	free_attrs(attr);
	return NULL;
}

/* Returns the root for the first element, otherwise a new node. NULL if the reader was stopped. */
static struct xml_node *node_new(struct reader *reader, const XML_Char *name)
{
	bool is_root = reader->depth == 0;
	struct xml_node *node = is_root ? &reader->document->root : calloc(1, sizeof(*node));

	if (node == NULL) {
		stop_no_memory(reader);
		return NULL;
	}
	if (split_name(reader, name, &node->ns, &node->name))
		return node;
	if (!is_root)
		free_nodes(node);
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
		*end = attr_new(reader, attrs[2 * i], attrs[2 * i + 1]);
		if (*end == NULL)
			return;
		end = &(*end)->next;
	}
}

static void link_node(struct reader *reader, struct xml_node *node)
{
	struct level *parent;

	if (reader->depth == 0)
		return; /* the root has no parent */
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
	node = node_new(reader, name);
	if (node == NULL)
		return;
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
	stop(data, "a DTD, which is never accepted");
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
	if (reader->no_memory || (code == XML_ERROR_NO_MEMORY && !expat_room.exceeded))
		return error_no_memory(err);
	if (reader->problem == NULL && code == XML_ERROR_NO_MEMORY)
		reader->problem = "the document needs far more memory than its length allows";
	return error_set(err, STATUS_BAD_REQUEST, "XML not accepted: %s, at line %lu",
			 reader->problem != NULL ? reader->problem : XML_ErrorString(code),
			 (unsigned long)XML_GetCurrentLineNumber(reader->parser));
}

/*
 * Refuses NUL bytes, because UTF-16 and similar encodings need them for markup. Without NULs, any
 * encoding that the document declares is safe to use.
 */
static enum status check_encoding(const char *data, size_t len, const char *encoding,
				  struct error *err)
{
	if (len > INT_MAX || (len > 0 && memchr(data, '\0', len) != NULL))
		return error_set(err, STATUS_BAD_REQUEST,
				 "XML not accepted: the document has NUL bytes or is too long");
	if (encoding == NULL || strcasecmp(encoding, "UTF-8") == 0 ||
	    strcasecmp(encoding, "ISO-8859-1") == 0 || strcasecmp(encoding, "US-ASCII") == 0)
		return STATUS_OK;
	return error_set(
	    err, STATUS_BAD_REQUEST,
	    "XML not accepted: the encoding is \"%s\", but must be UTF-8, ISO-8859-1 or US-ASCII",
	    encoding);
}

enum status xml_parse(const char *data, size_t len, const char *encoding, struct xml_node **out,
		      struct error *err)
{
	static const XML_Char separator[] = {XML_NS_SEPARATOR, '\0'};
	struct reader reader = {.depth = 0};
	enum status status = check_encoding(data, len, encoding, err);

	if (status != STATUS_OK)
		return status;
	reader.document = calloc(1, sizeof(*reader.document));
	if (reader.document == NULL)
		return error_no_memory(err);
	expat_room.left = len > EXPAT_MIN / EXPAT_PER_BYTE ? len * EXPAT_PER_BYTE : EXPAT_MIN;
	expat_room.exceeded = false;
	reader.parser = XML_ParserCreate_MM(encoding, &expat_memory, separator);
	status =
	    reader.parser == NULL ? error_no_memory(err) : read_document(&reader, data, len, err);
	XML_ParserFree(reader.parser);
	while (reader.depth > 0) /* elements left open by a failure */
		strbuf_clear(&reader.levels[--reader.depth].text);
	if (status == STATUS_OK)
		*out = &reader.document->root;
	else
		free_document(reader.document);
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
