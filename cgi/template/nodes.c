/*
 * The list of nodes into which a page is parsed. Adjacent texts are joined to one node, so that
 * rendering writes them in one piece.
 */
#include <stdlib.h>
#include <string.h>

#include "template/parts.h"

#define NODES_FIRST 64
/*
 * a limit is necessary, because a page grows exponentially if each partial includes another partial
 * twice
 */
#define NODES_MAX  4096
#define TEXT_MAX   TEMPLATE_FILE_MAX /* in bytes, for a page with its partials and texts */
#define VALUE_ROOM 32                /* usual length of a value in bytes */

/*
 * Returns the previous text node if the new text can be appended to it, otherwise NULL. Also
 * returns NULL after the end of a section, because the previous node is then inside the section.
 */
static struct node *text_before(const struct nodes *nodes, const struct node *node)
{
	struct node *last;

	if (node->type != NODE_TEXT || nodes->count == nodes->closed)
		return NULL;
	last = &nodes->items[nodes->count - 1];
	return last->type == NODE_TEXT ? last : NULL;
}

static enum status append(struct nodes *nodes, const struct node *node, struct error *err)
{
	char *text;

	if (nodes->count == NODES_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the page has more than %d tags, including its partials",
				 NODES_MAX);
	if (nodes->count == nodes->size) {
		size_t size = nodes->size ? 2 * nodes->size : NODES_FIRST;
		struct node *items = realloc(nodes->items, size * sizeof(*items));

		if (items == NULL)
			return error_no_memory(err);
		nodes->items = items;
		nodes->size = size;
	}
	text = strndup(node->text, node->len);
	if (text == NULL)
		return error_no_memory(err);
	nodes->items[nodes->count] = *node;
	nodes->items[nodes->count++].text = text;
	return STATUS_OK;
}

static enum status continue_text(struct node *node, const struct node *more, struct error *err)
{
	char *text = realloc(node->text, node->len + more->len + 1);

	if (text == NULL)
		return error_no_memory(err);
	memcpy(text + node->len, more->text, more->len);
	node->text = text;
	node->len += more->len;
	node->text[node->len] = '\0';
	return STATUS_OK;
}

enum status nodes_add(struct nodes *nodes, const struct node *node, struct error *err)
{
	struct node *before = text_before(nodes, node);

	if (node->type == NODE_TEXT && node->len > TEXT_MAX - nodes->text_len)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the page has more than %d bytes, including partials and texts",
				 TEXT_MAX);
	enum status status =
	    before != NULL ? continue_text(before, node, err) : append(nodes, node, err);

	if (status == STATUS_OK && node->type == NODE_TEXT)
		nodes->text_len += node->len;
	if (status == STATUS_OK)
		nodes->room += node->type == NODE_TEXT ? node->len : VALUE_ROOM;
	return status;
}

void nodes_clear(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++)
		free(nodes->items[i].text);
	free(nodes->items);
	*nodes = (struct nodes){.items = NULL};
}
