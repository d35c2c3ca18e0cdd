/*
 * The form in JSON. base/json.c refuses duplicate keys. Tigase fails on numbers in a request, so
 * all values are written as strings.
 */
#include <string.h>

#include "base/json.h"
#include "xmpp/adhoc_syntax.h"

/* ---- reading ---- */

static enum status parse(const struct adhoc_text *text, struct adhoc_form *form, struct error *err)
{
	return json_parse(text->data, text->len, &form->json, err);
}

static bool is_absent(const struct json *value)
{
	return value == NULL || json_is_null(value);
}

static bool string_add(struct adhoc_form *form, struct adhoc_field *field, const struct json *value)
{
	const char *text = json_string(value);

	if (text == NULL)
		return adhoc_form_fault(form, "a value that is not a string");
	return adhoc_field_add_value(field, form->reading, text);
}

static bool value_read(struct adhoc_form *form, struct adhoc_field *field, const struct json *value)
{
	bool first_only = form->reading == ADHOC_LENIENT;
	bool ok = true;

	if (is_absent(value))
		return true;
	if (!json_is_array(value))
		return string_add(form, field, value);
	for (const struct json *item = json_first(value); item != NULL && ok;
	     item = first_only ? NULL : json_next(item))
		ok = string_add(form, field, item);
	return ok;
}

static bool field_read(struct adhoc_form *form, const struct json *item)
{
	const char *var = json_string(json_member(item, "var"));

	if (var == NULL || (var[0] == '\0' && form->reading == ADHOC_STRICT))
		return adhoc_form_fault(form, "a field without a name");
	return value_read(form, adhoc_form_add(form, var), json_member(item, "value"));
}

static bool fields_read(struct adhoc_form *form)
{
	const struct json *fields = json_member(json_member(form->json, "command"), "fields");
	bool ok = true;
	size_t n = 0;

	if (is_absent(fields))
		return true;
	if (!json_is_array(fields))
		return adhoc_form_fault(form, "the fields are not a list");
	for (const struct json *item = json_first(fields); item != NULL; item = json_next(item))
		n++;
	if (!adhoc_form_reserve(form, n))
		return false;
	for (const struct json *item = json_first(fields); item != NULL && ok;
	     item = json_next(item))
		ok = field_read(form, item);
	return ok;
}

/* Reads a string. If the value is absent, *out stays as it is. */
static bool string_read(struct adhoc_form *form, const struct json *value, const char **out)
{
	if (is_absent(value))
		return true;
	*out = json_string(value);
	if (*out == NULL && form->reading == ADHOC_STRICT)
		return adhoc_form_fault(form, "a node or note that is not a string");
	return true;
}

static bool note_read(struct adhoc_form *form, const struct json *note)
{
	const char *type = json_string(json_member(note, "type"));

	if (type == NULL || strcmp(type, "error") != 0)
		return true;
	form->note = "";
	return string_read(form, json_member(note, "value"), &form->note);
}

static bool command_read(struct adhoc_form *form)
{
	const struct json *command = json_member(form->json, "command");

	/*
	 * Accepts a list as the root, as Tigase does. Tigase's Groovy code finds no command in a
	 * list, but throws no exception.
	 */
	if (form->reading == ADHOC_LENIENT && json_is_array(form->json))
		return true;
	if (form->reading == ADHOC_STRICT && json_member(form->json, "items") != NULL)
		return adhoc_form_fault(form, "this is a list of commands");
	if (!json_is_object(command))
		return adhoc_form_fault(form, "there is no command");
	return string_read(form, json_member(command, "node"), &form->node) &&
	       note_read(form, json_member(command, "note"));
}

static bool items_name(const struct adhoc_form *parsed, const char *node)
{
	const struct json *items = json_member(parsed->json, "items");

	for (const struct json *item = json_is_array(items) ? json_first(items) : NULL;
	     item != NULL; item = json_next(item)) {
		const char *name = json_string(json_member(item, "node"));

		if (name != NULL && strcmp(name, node) == 0)
			return true;
	}
	return false;
}

/* ---- writing ---- */

/* Writes nothing if text is NULL. */
static void text_write(struct json_writer *w, const char *key, const char *text)
{
	if (text != NULL)
		json_put_string(w, key, text);
}

static void field_write(struct json_writer *w, enum adhoc_layout layout,
			const struct adhoc_field *field)
{
	struct strbuf value;

	strbuf_init_secret(&value);
	adhoc_value_write(&value, layout, field->value);
	json_open_object(w, NULL);
	json_put_string(w, "var", field->var);
	text_write(w, "label", field->label);
	text_write(w, "type", field->type);
	json_put_string(w, "value", value.len > 0 ? value.data : NULL);
	json_close_object(w);
	w->out->failed |= !strbuf_ok(&value);
	strbuf_clear(&value);
}

static void form_write(struct strbuf *out, enum adhoc_layout layout, const struct adhoc_form *form)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_open_object(&w, "command");
	text_write(&w, "jid", form->jid);
	text_write(&w, "node", form->node);
	json_open_array(&w, "fields");
	for (size_t i = 0; i < form->n_fields; i++)
		field_write(&w, layout, &form->fields[i]);
	json_close_array(&w);
	text_write(&w, "title", form->title);
	text_write(&w, "instructions", form->instructions);
	json_close_object(&w);
	json_close_object(&w);
}

static void items_write(struct strbuf *out, const struct adhoc_item *item)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_open_array(&w, "items");
	json_open_object(&w, NULL);
	json_put_string(&w, "jid", item->jid);
	json_put_string(&w, "node", item->node);
	json_put_string(&w, "name", item->name);
	json_close_object(&w);
	json_close_array(&w);
	json_close_object(&w);
}

static void refusal_write(struct strbuf *out, const struct adhoc_refusal *refusal)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "error", refusal->code);
	json_put_string(&w, "message", refusal->message);
	json_put_string(&w, "request_id", refusal->request_id);
	json_close_object(&w);
}

const struct adhoc_syntax adhoc_json = {
    .content_type = "application/json; charset=utf-8",
    .parse = parse,
    .command_read = command_read,
    .fields_read = fields_read,
    .items_name = items_name,
    .form_write = form_write,
    .items_write = items_write,
    .refusal_write = refusal_write,
};
