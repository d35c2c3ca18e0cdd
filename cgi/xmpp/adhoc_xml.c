/*
 * The form in XML. Several values of a field are <item> elements inside its <value>.
 */
#include <string.h>

#include "base/codec.h"
#include "base/xml.h"
#include "xmpp/adhoc_syntax.h"

/* ---- reading ---- */

static enum status parse(const struct adhoc_text *text, struct adhoc_form *form, struct error *err)
{
	return xml_parse(text->data, text->len, text->encoding, &form->xml, err);
}

/*
 * Sets *out to the first child of that name, or NULL. Returns false if there are several and the
 * reading is strict.
 */
static bool child_find(const struct adhoc_form *form, const struct xml_node *node, const char *name,
		       const struct xml_node **out)
{
	const struct xml_node *child = xml_child(node, NULL, name);

	*out = child;
	if (child == NULL || form->reading == ADHOC_LENIENT)
		return true;
	for (child = child->next; child != NULL; child = child->next)
		if (strcmp(child->name, name) == 0)
			return false;
	return true;
}

static bool value_read_strict(struct adhoc_form *form, struct adhoc_field *field,
			      const struct xml_node *value)
{
	if (value->children == NULL)
		return adhoc_field_add_value(field, form->reading, value->text);
	if (strspn(value->text, " \t\r\n") != strlen(value->text))
		return adhoc_form_fault(form, "a value that contains both text and elements");
	for (const struct xml_node *item = value->children; item != NULL; item = item->next) {
		if (strcmp(item->name, "item") != 0 || item->children != NULL)
			return adhoc_form_fault(form, "an unknown element in a value");
		if (!adhoc_field_add_value(field, form->reading, item->text))
			return false;
	}
	return true;
}

static bool value_read(struct adhoc_form *form, struct adhoc_field *field,
		       const struct xml_node *value)
{
	const struct xml_node *item = xml_child(value, NULL, "item");

	if (value == NULL)
		return true;
	if (form->reading == ADHOC_STRICT)
		return value_read_strict(form, field, value);
	return adhoc_field_add_value(field, form->reading, item != NULL ? item->text : value->text);
}

static bool field_read(struct adhoc_form *form, const struct xml_node *item)
{
	bool is_strict = form->reading == ADHOC_STRICT;
	const struct xml_node *var, *value;

	if (strcmp(item->name, "item") != 0)
		return !is_strict || adhoc_form_fault(form, "an unknown element among the fields");
	if (!child_find(form, item, "var", &var) || !child_find(form, item, "value", &value))
		return adhoc_form_fault(form, "a field with two names or values");
	if (var == NULL || (is_strict && (var->children != NULL || var->text[0] == '\0')))
		return !is_strict || adhoc_form_fault(form, "a field without a name");
	return value_read(form, adhoc_form_add(form, var->text), value);
}

static bool fields_read(struct adhoc_form *form)
{
	const struct xml_node *fields = xml_child(form->xml, NULL, "fields");
	bool ok = true;
	size_t n = 0;

	if (fields == NULL)
		return true;
	for (const struct xml_node *item = fields->children; item != NULL; item = item->next)
		n++;
	if (!adhoc_form_reserve(form, n))
		return false;
	for (const struct xml_node *item = fields->children; item != NULL && ok; item = item->next)
		ok = field_read(form, item);
	return ok;
}

/*
 * In a note of Tigase, the type and the text are elements. In a note of XEP-0050, the type is an
 * attribute.
 */
static void note_read(struct adhoc_form *form, const struct xml_node *note)
{
	const struct xml_node *type = xml_child(note, NULL, "type");
	const struct xml_node *value = xml_child(note, NULL, "value");
	const char *word = type != NULL ? type->text : xml_attr(note, NULL, "type");

	if (word != NULL && strcmp(word, "error") == 0)
		form->note = value != NULL ? value->text : note->text;
}

static bool command_read(struct adhoc_form *form)
{
	const struct xml_node *command = form->xml;
	const struct xml_node *node, *fields, *note;

	if (strcmp(command->name, "items") == 0)
		return adhoc_form_fault(form, "this is a list of commands");
	if (strcmp(command->name, "command") != 0)
		return adhoc_form_fault(form, "the root is not <command>");
	/* Tigase answers an empty <command> with 500, and a command without a node with 404. */
	if (form->reading == ADHOC_LENIENT && command->children == NULL)
		return adhoc_form_fault(form, "<command> is empty");
	if (!child_find(form, command, "node", &node) ||
	    !child_find(form, command, "fields", &fields) ||
	    !child_find(form, command, "note", &note))
		return adhoc_form_fault(form, "two nodes, notes or lists of fields");
	if (node != NULL)
		form->node = node->text;
	note_read(form, note);
	return true;
}

static bool items_name(const struct adhoc_form *parsed, const char *node)
{
	const struct xml_node *items = parsed->xml;

	if (strcmp(items->name, "items") != 0)
		return false;
	for (const struct xml_node *item = items->children; item != NULL; item = item->next) {
		const struct xml_node *name = xml_child(item, NULL, "node");

		if (name != NULL && strcmp(name->text, node) == 0)
			return true;
	}
	return false;
}

/* ---- writing ---- */

struct writer {
	struct strbuf *out;
	enum adhoc_layout layout;
};

/* Writes a tag, on a line of its own if the layout is Tigase's. */
static void tag_write(const struct writer *w, int indent, const char *tag)
{
	if (w->layout == ADHOC_AS_TIGASE)
		strbuf_addf(w->out, "%*s%s\n", indent, "", tag);
	else
		strbuf_adds(w->out, tag);
}

/* Writes an element; nothing if text is NULL. "" becomes <name />, as Groovy prints it. */
static void text_write(const struct writer *w, int indent, const char *name, const char *text)
{
	bool lines = w->layout == ADHOC_AS_TIGASE;

	if (text == NULL)
		return;
	strbuf_addf(w->out, "%*s<%s", lines ? indent : 0, "", name);
	if (text[0] == '\0') {
		strbuf_adds(w->out, " />");
	} else {
		strbuf_addc(w->out, '>');
		codec_xml(w->out, text);
		strbuf_addf(w->out, "</%s>", name);
	}
	if (lines)
		strbuf_addc(w->out, '\n');
}

static void field_write(const struct writer *w, const struct adhoc_field *field)
{
	struct strbuf value;

	strbuf_init_secret(&value);
	adhoc_value_write(&value, w->layout, field->value);
	tag_write(w, 4, "<item>");
	text_write(w, 6, "var", field->var);
	text_write(w, 6, "label", field->label);
	text_write(w, 6, "type", field->type);
	text_write(w, 6, "value", value.data);
	tag_write(w, 4, "</item>");
	w->out->failed |= !strbuf_ok(&value);
	strbuf_clear(&value);
}

static void form_write(struct strbuf *out, enum adhoc_layout layout, const struct adhoc_form *form)
{
	const struct writer w = {out, layout};

	tag_write(&w, 0, "<command>");
	text_write(&w, 2, "jid", form->jid);
	text_write(&w, 2, "node", form->node);
	tag_write(&w, 2, "<fields>");
	for (size_t i = 0; i < form->n_fields; i++)
		field_write(&w, &form->fields[i]);
	tag_write(&w, 2, "</fields>");
	text_write(&w, 2, "title", form->title);
	text_write(&w, 2, "instructions", form->instructions);
	strbuf_adds(out, "</command>");
}

static void items_write(struct strbuf *out, const struct adhoc_item *item)
{
	const struct writer w = {out, ADHOC_AS_TIGASE};

	tag_write(&w, 0, "<items>");
	tag_write(&w, 2, "<item>");
	text_write(&w, 4, "jid", item->jid);
	text_write(&w, 4, "node", item->node);
	text_write(&w, 4, "name", item->name);
	tag_write(&w, 2, "</item>");
	strbuf_adds(out, "</items>");
}

static void refusal_write(struct strbuf *out, const struct adhoc_refusal *refusal)
{
	const struct writer w = {out, ADHOC_AS_TIGASE};

	tag_write(&w, 0, "<error>");
	text_write(&w, 2, "code", refusal->code);
	text_write(&w, 2, "message", refusal->message);
	text_write(&w, 2, "request_id", refusal->request_id);
	strbuf_adds(out, "</error>");
}

const struct adhoc_syntax adhoc_xml = {
    .content_type = "application/xml; charset=utf-8",
    .parse = parse,
    .command_read = command_read,
    .fields_read = fields_read,
    .items_name = items_name,
    .form_write = form_write,
    .items_write = items_write,
    .refusal_write = refusal_write,
};
