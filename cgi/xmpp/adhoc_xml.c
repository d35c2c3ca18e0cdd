/*
 * Reads an answer in XML:
 *   <command><node/><fields><item><var/><value/></item>…</fields><note>…</note></command>
 * Several values are in <item> elements inside their <value>.
 */
#include <string.h>

#include "base/xml.h"
#include "xmpp/adhoc_form.h"

/* Sets *out to the only child of that name, or NULL. False if there are several. */
static bool only_child(const struct xml_node *node, const char *name, const struct xml_node **out)
{
	const struct xml_node *child = xml_child(node, NULL, name);

	*out = child;
	if (child == NULL)
		return true;
	for (child = child->next; child != NULL; child = child->next)
		if (strcmp(child->name, name) == 0)
			return false;
	return true;
}

static enum status value_read(const struct xml_node *value, struct adhoc_field *out,
			      struct error *err)
{
	if (value->children == NULL)
		return adhoc_field_add_value(out, value->text) ? STATUS_OK : error_no_memory(err);
	if (strspn(value->text, " \t\r\n") != strlen(value->text))
		return adhoc_refuse(ADHOC_XML, "a value of text and elements", err);
	for (const struct xml_node *item = value->children; item != NULL; item = item->next) {
		if (strcmp(item->name, "item") != 0 || item->children != NULL)
			return adhoc_refuse(ADHOC_XML, "an unknown element in a value", err);
		if (!adhoc_field_add_value(out, item->text))
			return error_no_memory(err);
	}
	return STATUS_OK;
}

static enum status field_read(const struct xml_node *item, struct adhoc_form *out,
			      struct error *err)
{
	const struct xml_node *var, *value;

	if (strcmp(item->name, "item") != 0)
		return adhoc_refuse(ADHOC_XML, "an unknown element among the fields", err);
	if (!only_child(item, "var", &var) || !only_child(item, "value", &value))
		return adhoc_refuse(ADHOC_XML, "a field with two names or values", err);
	if (var == NULL || var->children != NULL || var->text[0] == '\0')
		return adhoc_refuse(ADHOC_XML, "a field without a name", err);
	struct adhoc_field *field = adhoc_form_add(out, var->text);
	return value != NULL ? value_read(value, field, err) : STATUS_OK;
}

/* Tigase prints a note's type and text as elements; XEP-0050 has an attribute and text. */
static void note_read(const struct xml_node *note, struct adhoc_form *out)
{
	const struct xml_node *type = xml_child(note, NULL, "type");
	const struct xml_node *value = xml_child(note, NULL, "value");
	const char *word = type != NULL ? type->text : xml_attr(note, NULL, "type");

	if (word != NULL && strcmp(word, "error") == 0)
		out->note = value != NULL ? value->text : note->text;
}

static enum status command_read(const struct xml_node *command, struct adhoc_form *out,
				struct error *err)
{
	const struct xml_node *node, *fields, *note;
	enum status status = STATUS_OK;
	size_t n = 0;

	if (strcmp(command->name, "items") == 0)
		return adhoc_refuse(ADHOC_XML, "it is a list of commands", err);
	if (strcmp(command->name, "command") != 0)
		return adhoc_refuse(ADHOC_XML, "its root is not <command>", err);
	if (!only_child(command, "node", &node) || !only_child(command, "fields", &fields) ||
	    !only_child(command, "note", &note))
		return adhoc_refuse(ADHOC_XML, "two nodes, notes or lists of fields", err);
	if (node != NULL)
		out->node = node->text;
	note_read(note, out);
	if (fields == NULL)
		return STATUS_OK;
	for (const struct xml_node *item = fields->children; item != NULL; item = item->next)
		n++;
	if (!adhoc_form_reserve(out, n))
		return error_no_memory(err);
	for (const struct xml_node *item = fields->children; item != NULL && status == STATUS_OK;
	     item = item->next)
		status = field_read(item, out, err);
	return status;
}

enum status adhoc_xml_read(const struct adhoc_answer *answer, const char *encoding,
			   struct adhoc_form *out, struct error *err)
{
	struct adhoc_form form = {0};
	struct error why = {0};
	enum status status = xml_parse(answer->data, answer->len, encoding, &form.xml, &why);

	if (status == STATUS_INTERNAL)
		return error_set(err, status, "%s", why.text);
	if (status != STATUS_OK)
		return adhoc_refuse(ADHOC_XML, why.text, err);
	status = command_read(form.xml, &form, err);
	if (status == STATUS_OK)
		*out = form;
	else
		adhoc_form_clear(&form);
	return status;
}

bool adhoc_xml_list_has(const struct adhoc_answer *answer, const char *encoding, const char *node)
{
	struct xml_node *root = NULL;
	bool found = false;

	if (xml_parse(answer->data, answer->len, encoding, &root, NULL) != STATUS_OK)
		return false;
	if (strcmp(root->name, "items") == 0) {
		for (const struct xml_node *item = root->children; item != NULL && !found;
		     item = item->next) {
			const struct xml_node *name = xml_child(item, NULL, "node");

			found = name != NULL && strcmp(name->text, node) == 0;
		}
	}
	xml_free(root);
	return found;
}
