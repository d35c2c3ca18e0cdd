/*
 * Parses XML with namespaces into a small tree, with expat. It refuses any DTD. The limits are 8
 * levels, 200 elements, 16 attributes of an element, 16 KiB of text, 64 namespaces, and 256 bytes
 * in a name or namespace. Reading needs at most 16 times the document's length in memory, or 768
 * KiB for a short document. The encoding is UTF-8, or ISO-8859-1 or US-ASCII if the document or the
 * caller (from a Content-Type) says so. codec_xml writes XML. No other file uses expat.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include <stddef.h>

#include "base/error.h"

struct xml_attr {
	char *name;     /* local name */
	const char *ns; /* namespace, "" for none; owned by the document, like the whole tree */
	char *value;
	struct xml_attr *next;
};

struct xml_node {
	char *name;     /* local name */
	const char *ns; /* namespace, "" for none; owned by the document, like the whole tree */
	char *text;     /* all character data directly inside this element; "" for none */
	struct xml_attr *attrs;
	struct xml_node *children; /* first child element */
	struct xml_node *next;     /* next sibling element */
};

/*
 * `encoding` is NULL or the charset of a Content-Type header (UTF-8, ISO-8859-1 or US-ASCII).
 * The caller frees the root.
 */
enum status xml_parse(const char *data, size_t len, const char *encoding, struct xml_node **out,
		      struct error *err);
void xml_free(struct xml_node *root);

/*
 * Returns the first child of that name, or NULL if there is none. If ns is not NULL, the child must
 * have that namespace too. `node` can be NULL.
 */
const struct xml_node *xml_child(const struct xml_node *node, const char *ns, const char *name);

/*
 * Returns the attribute of that name in the namespace ns, or NULL if there is none. If ns is NULL,
 * the attribute must have no namespace. `node` can be NULL.
 */
const char *xml_attr(const struct xml_node *node, const char *ns, const char *name);

#endif
