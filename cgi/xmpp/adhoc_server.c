/*
 * Reads the command as a caller sends it:
 *   <command><node/><fields><item><var/><value/></item>…</fields></command>
 *   {"command":{"node":…,"fields":[{"var":…,"value":…},…]}}
 * It accepts what Tigase accepts. STATUS_NOT_FOUND and STATUS_BAD_REQUEST are where Tigase answers
 * 404 and 500. The exception is a DTD, which is always refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xml.h"
#include "xmpp/adhoc_server.h"

#define TYPE_JSON "application/json"

void adhoc_command_clear(struct adhoc_command *command)
{
	free(command->from);
	free(command->hold);
	free(command->wait);
	*command = (struct adhoc_command){0};
}

bool adhoc_request_type(const char *content_type, enum adhoc_format *body,
			enum adhoc_format *answer)
{
	if (strstr(content_type, "/json") != NULL)
		*body = ADHOC_JSON;
	else if (strstr(content_type, "/xml") != NULL)
		*body = ADHOC_XML;
	else
		return false;
	*answer = strcmp(content_type, TYPE_JSON) == 0 ? ADHOC_JSON : ADHOC_XML;
	return true;
}

static enum status malformed(const char *why, struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "the body is no command: %s", why);
}

static enum status node_check(const char *node, struct error *err)
{
	if (node == NULL || node[0] == '\0')
		return error_set(err, STATUS_NOT_FOUND,
				 "the command names no node; there is "
				 "only " ADHOC_NODE);
	if (strcmp(node, ADHOC_NODE) != 0)
		return error_set(err, STATUS_NOT_FOUND,
				 "there is no such command; there is only " ADHOC_NODE);
	return STATUS_OK;
}

/* Keeps the first value of a field that we know and ignores all other fields. */
static enum status field_keep(const char *var, const char *value, struct adhoc_command *out,
			      struct error *err)
{
	char **into = strcmp(var, "from") == 0   ? &out->from
		      : strcmp(var, "hold") == 0 ? &out->hold
		      : strcmp(var, "wait") == 0 ? &out->wait
						 : NULL;

	if (into == NULL || *into != NULL)
		return STATUS_OK;
	*into = strdup(value);
	return *into != NULL ? STATUS_OK : error_no_memory(err);
}

/* ---- XML ---- */

static const char *xml_value(const struct xml_node *value)
{
	const struct xml_node *item = xml_child(value, NULL, "item");

	if (item != NULL)
		return item->text;
	return value != NULL ? value->text : "";
}

static enum status xml_command(const struct xml_node *root, struct adhoc_command *out,
			       struct error *err)
{
	const struct xml_node *node = xml_child(root, NULL, "node");
	const struct xml_node *fields = xml_child(root, NULL, "fields");
	enum status status;

	if (strcmp(root->name, "command") != 0)
		return malformed("its root is not <command>", err);
	if (root->children == NULL)
		return malformed("<command> is empty", err);
	status = node_check(node != NULL ? node->text : NULL, err);
	for (const struct xml_node *item = xml_child(fields, NULL, "item");
	     item != NULL && status == STATUS_OK; item = item->next) {
		const struct xml_node *var = xml_child(item, NULL, "var");

		if (var != NULL && strcmp(item->name, "item") == 0)
			status = field_keep(var->text, xml_value(xml_child(item, NULL, "value")),
					    out, err);
	}
	return status;
}

static enum status xml_read(const char *data, size_t len, struct adhoc_command *out,
			    struct error *err)
{
	struct xml_node *root = NULL;
	struct error why = {0};
	enum status status = xml_parse(data, len, NULL, &root, &why);

	if (status != STATUS_OK)
		return status == STATUS_BAD_REQUEST ? malformed(why.text, err)
						    : error_set(err, status, "%s", why.text);
	status = xml_command(root, out, err);
	xml_free(root);
	return status;
}

/* ---- JSON ---- */

/* *out is "" if value is null or missing. False: neither a string nor a list of strings. */
static bool json_value(const struct json *value, const char **out)
{
	*out = "";
	if (value == NULL || json_is_null(value))
		return true;
	if (json_is_array(value))
		value = json_first(value);
	if (value != NULL)
		*out = json_string(value);
	return *out != NULL;
}

static enum status json_fields(const struct json *fields, struct adhoc_command *out,
			       struct error *err)
{
	enum status status = STATUS_OK;
	const char *value;

	if (fields == NULL || json_is_null(fields))
		return STATUS_OK;
	if (!json_is_array(fields))
		return malformed("its fields are no list", err);
	for (const struct json *item = json_first(fields); item != NULL && status == STATUS_OK;
	     item = json_next(item)) {
		const char *var = json_string(json_member(item, "var"));

		if (var == NULL)
			status = malformed("a field without a var", err);
		else if (!json_value(json_member(item, "value"), &value))
			status = malformed("a value that is no string", err);
		else
			status = field_keep(var, value, out, err);
	}
	return status;
}

static enum status json_command(const struct json *root, struct adhoc_command *out,
				struct error *err)
{
	const struct json *command = json_member(root, "command");

	if (json_is_array(root)) /* Tigase's Groovy finds nothing in a list, without an exception */
		return node_check(NULL, err);
	if (!json_is_object(command))
		return malformed("it has no object \"command\"", err);
	enum status status = node_check(json_string(json_member(command, "node")), err);
	return status == STATUS_OK ? json_fields(json_member(command, "fields"), out, err) : status;
}

static enum status json_read(const char *data, size_t len, struct adhoc_command *out,
			     struct error *err)
{
	struct json *root = NULL;
	struct error why = {0};
	enum status status = json_parse(data, len, &root, &why);

	if (status != STATUS_OK)
		return status == STATUS_BAD_REQUEST ? malformed(why.text, err)
						    : error_set(err, status, "%s", why.text);
	status = json_command(root, out, err);
	json_free(root);
	return status;
}

/* ---- both ---- */

/* hold and wait are sent back unchanged, so they must be short and printable. */
static bool echo_is_sound(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len <= ADHOC_ECHO_MAX;
}

static bool fill(char **text)
{
	if (*text == NULL)
		*text = strdup("");
	return *text != NULL;
}

/* Makes every text that was not sent "". */
static enum status complete(struct adhoc_command *command, struct error *err)
{
	if (!fill(&command->from) || !fill(&command->hold) || !fill(&command->wait))
		return error_no_memory(err);
	if (!echo_is_sound(command->hold) || !echo_is_sound(command->wait))
		return malformed("hold and wait are numbers", err);
	return STATUS_OK;
}

enum status adhoc_command_read(enum adhoc_format format, const char *data, size_t len,
			       struct adhoc_command *out, struct error *err)
{
	struct adhoc_command command = {0};
	enum status status = format == ADHOC_JSON ? json_read(data, len, &command, err)
						  : xml_read(data, len, &command, err);

	if (status == STATUS_OK)
		status = complete(&command, err);
	if (status == STATUS_OK)
		*out = command;
	else
		adhoc_command_clear(&command);
	return status;
}
