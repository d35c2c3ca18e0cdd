/*
 * XML as we read it. The first byte is the encoding. Oracles: no document with a DTD is accepted;
 * the tree keeps its bounds; and its texts, written again, are read as the same texts.
 */
#include "fuzz.h"

#include "base/xml.h"

static size_t count;

static void write_node(struct strbuf *out, const struct xml_node *node, int depth)
{
	ORACLE(depth <= 8 && ++count <= 200);
	strbuf_addf(out, "<n a=\"");
	codec_xml(out, node->text);
	strbuf_addf(out, "\">");
	for (const struct xml_attr *attr = node->attrs; attr != NULL; attr = attr->next) {
		ORACLE(attr->ns != NULL && attr->value != NULL && strlen(attr->name) <= 256);
		ORACLE(utf8_valid(attr->value, strlen(attr->value)));
	}
	for (const struct xml_node *child = node->children; child != NULL; child = child->next)
		write_node(out, child, depth + 1);
	strbuf_addf(out, "</n>");
}

static void compare(const struct xml_node *a, const struct xml_node *b)
{
	const char *text = xml_attr(b, NULL, "a");

	ORACLE(text != NULL);
	/* XML makes spaces of the line ends in an attribute */
	for (size_t i = 0; a->text[i] != '\0' || text[i] != '\0'; i++)
		ORACLE(a->text[i] == text[i] || (strchr("\r\n\t", a->text[i]) && text[i] == ' '));
	const struct xml_node *x = a->children, *y = b->children;
	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		compare(x, y);
	ORACLE(x == NULL && y == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = {NULL, "UTF-8", "ISO-8859-1"};
	struct xml_node *root = NULL, *again = NULL;
	struct error err = {0};
	struct strbuf out;

	if (size == 0)
		return 0;
	char *text = fuzz_copy(data + 1, size - 1);
	strbuf_init(&out);
	count = 0;
	if (xml_parse(text, size - 1, encodings[data[0] % 3], &root, &err) == STATUS_OK) {
		write_node(&out, root, 1);
		if (out.len < 16 * 1024) {
			ORACLE(xml_parse(out.data, out.len, "UTF-8", &again, NULL) == STATUS_OK);
			compare(root, again);
		}
	} else {
		ORACLE(err.text[0] != '\0');
	}
	xml_free(root);
	xml_free(again);
	strbuf_clear(&out);
	free(text);
	return 0;
}
