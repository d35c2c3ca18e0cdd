/*
 * XML in: expat with namespaces, into a small tree. Any DTD is refused, as are more than 8 levels,
 * 200 elements, 16 attributes an element, 16 KiB of text, 64 namespaces or 256 bytes in a name or
 * namespace. Reading takes at most 16 times the document's length, or 768 KiB. UTF-8, and
 * ISO-8859-1 where the document (or the caller, from a Content-Type) says so. Writing XML is done
 * with codec_xml. The only user of expat.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include <stddef.h>

#include "base/error.h"

struct xml_attr {
	char *name;     /* local name */
	const char *ns; /* namespace, "" for none; owned by the document, as all of the tree */
	char *value;
	struct xml_attr *next;
};

struct xml_node {
	char *name;     /* local name */
	const char *ns; /* namespace, "" for none; owned by the document, as all of the tree */
	char *text;     /* all character data directly inside, joined; "" for none */
	struct xml_attr *attrs;
	struct xml_node *children; /* first child element */
	struct xml_node *next;     /* next sibling element */
};

/*
 * encoding: NULL, or what a Content-Type header said ("UTF-8", "ISO-8859-1"). The caller frees the
 * root.
 */
enum status xml_parse(const char *data, size_t len, const char *encoding, struct xml_node **out,
		      struct error *err);
void xml_free(struct xml_node *root);

/*
 * The first child of that name (and namespace, unless NULL); NULL where there is none; takes NULL.
 */
const struct xml_node *xml_child(const struct xml_node *node, const char *ns, const char *name);

/* The attribute of no namespace (or of ns, unless NULL); NULL where there is none; takes NULL. */
const char *xml_attr(const struct xml_node *node, const char *ns, const char *name);

#endif
