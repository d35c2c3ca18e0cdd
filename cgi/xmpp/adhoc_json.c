/*
 * Reads an answer in JSON:
 * {"command": {"node": …, "fields": [{"var": …, "value": …}, …], "note": {"type": …, "value": …}}}
 * A value is null, a string, or a list of strings. base/json.c refuses duplicate keys.
 */
#include <string.h>

#include "base/json.h"
#include "xmpp/adhoc_form.h"

static bool is_absent(const struct json *value)
{
	return value == NULL || json_is_null(value);
}

static enum status string_add(const struct json *value, struct adhoc_field *out, struct error *err)
{
	const char *text = json_string(value);

	if (text == NULL)
		return adhoc_refuse(ADHOC_JSON, "a value that is not a string", err);
	return adhoc_field_add_value(out, text) ? STATUS_OK : error_no_memory(err);
}

static enum status value_read(const struct json *value, struct adhoc_field *out, struct error *err)
{
	enum status status = STATUS_OK;

	if (is_absent(value))
		return STATUS_OK;
	if (!json_is_array(value))
		return string_add(value, out, err);
	for (const struct json *item = json_first(value); item != NULL && status == STATUS_OK;
	     item = json_next(item))
		status = string_add(item, out, err);
	return status;
}

static enum status field_read(const struct json *item, struct adhoc_form *out, struct error *err)
{
	const char *var = json_string(json_member(item, "var"));

	if (var == NULL || var[0] == '\0')
		return adhoc_refuse(ADHOC_JSON, "a field without a name", err);
	return value_read(json_member(item, "value"), adhoc_form_add(out, var), err);
}

static enum status fields_read(const struct json *fields, struct adhoc_form *out, struct error *err)
{
	enum status status = STATUS_OK;
	size_t n = 0;

	if (is_absent(fields))
		return STATUS_OK;
	if (!json_is_array(fields))
		return adhoc_refuse(ADHOC_JSON, "its fields are not a list", err);
	for (const struct json *item = json_first(fields); item != NULL; item = json_next(item))
		n++;
	if (!adhoc_form_reserve(out, n))
		return error_no_memory(err);
	for (const struct json *item = json_first(fields); item != NULL && status == STATUS_OK;
	     item = json_next(item))
		status = field_read(item, out, err);
	return status;
}

/* An absent value leaves *out as it is. */
static enum status string_read(const struct json *value, const char **out, struct error *err)
{
	if (is_absent(value))
		return STATUS_OK;
	*out = json_string(value);
	if (*out == NULL)
		return adhoc_refuse(ADHOC_JSON, "a node or note that is not a string", err);
	return STATUS_OK;
}

static enum status note_read(const struct json *note, struct adhoc_form *out, struct error *err)
{
	const char *type = json_string(json_member(note, "type"));

	if (type == NULL || strcmp(type, "error") != 0)
		return STATUS_OK;
	out->note = "";
	return string_read(json_member(note, "value"), &out->note, err);
}

static enum status command_read(const struct json *root, struct adhoc_form *out, struct error *err)
{
	const struct json *command = json_member(root, "command");
	enum status status;

	if (json_member(root, "items") != NULL)
		return adhoc_refuse(ADHOC_JSON, "it is a list of commands", err);
	if (!json_is_object(command))
		return adhoc_refuse(ADHOC_JSON, "it has no command", err);
	status = string_read(json_member(command, "node"), &out->node, err);
	if (status == STATUS_OK)
		status = note_read(json_member(command, "note"), out, err);
	if (status == STATUS_OK)
		status = fields_read(json_member(command, "fields"), out, err);
	return status;
}

enum status adhoc_json_read(const struct adhoc_answer *answer, struct adhoc_form *out,
			    struct error *err)
{
	struct adhoc_form form = {0};
	struct error why = {0};
	enum status status = json_parse(answer->data, answer->len, &form.json, &why);

	if (status == STATUS_INTERNAL)
		return error_set(err, status, "%s", why.text);
	if (status != STATUS_OK)
		return adhoc_refuse(ADHOC_JSON, why.text, err);
	status = command_read(form.json, &form, err);
	if (status == STATUS_OK)
		*out = form;
	else
		adhoc_form_clear(&form);
	return status;
}

bool adhoc_json_list_has(const struct adhoc_answer *answer, const char *node)
{
	struct json *root = NULL;
	const struct json *items;
	bool found = false;

	if (json_parse(answer->data, answer->len, &root, NULL) != STATUS_OK)
		return false;
	items = json_member(root, "items");
	for (const struct json *item = json_is_array(items) ? json_first(items) : NULL;
	     item != NULL && !found; item = json_next(item)) {
		const char *name = json_string(json_member(item, "node"));

		found = name != NULL && strcmp(name, node) == 0;
	}
	json_free(root);
	return found;
}
