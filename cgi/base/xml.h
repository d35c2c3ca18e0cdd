/*
 * Parses XML with namespaces into a small tree, by expat. Refused: any DTD, more than 8 levels, 200
 * elements, 16 attributes of an element, 16 KiB of text, 64 namespaces, or 256 bytes in a name or
 * namespace. Reading takes at most 16 times the document's length, or 768 KiB. The encoding is
 * UTF-8, or ISO-8859-1 if the document or the caller (from a Content-Type) says so. codec_xml
 * writes XML. The only user of expat.
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
	char *text;     /* all character data directly inside, joined; "" for none */
	struct xml_attr *attrs;
	struct xml_node *children; /* first child element */
	struct xml_node *next;     /* next sibling element */
};

/*
 * encoding is NULL or the charset of a Content-Type header ("UTF-8", "ISO-8859-1"). The caller
 * frees the root.
 */
enum status xml_parse(const char *data, size_t len, const char *encoding, struct xml_node **out,
		      struct error *err);
void xml_free(struct xml_node *root);

/*
 * Returns the first child of that name, and of the namespace ns unless it is NULL. NULL: none. node
 * may be NULL.
 */
const struct xml_node *xml_child(const struct xml_node *node, const char *ns, const char *name);

/*
 * Returns the attribute of that name in no namespace, or in ns unless it is NULL. NULL: none. node
 * may be NULL.
 */
const char *xml_attr(const struct xml_node *node, const char *ns, const char *name);

#endif
