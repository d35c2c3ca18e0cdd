/*
 * Checks a request as Tigase does. Returns STATUS_NOT_FOUND if Tigase would answer 404, and
 * STATUS_BAD_REQUEST if Tigase would answer 500. Unlike Tigase, always refuses a DTD. The answers
 * have the same labels, types and order as those of Tigase 7.1 and later (the recordings are in
 * tests/peers/tigase).
 */
#include <string.h>

#include "xmpp/adhoc_server.h"

#define TYPE_JSON "application/json"

/* ---- the request ---- */

void adhoc_command_clear(struct adhoc_command *command)
{
	adhoc_form_clear(&command->form);
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
	return error_set(err, STATUS_BAD_REQUEST, "the body is not a valid command (%s)", why);
}

/* The fields `hold` and `wait` are sent back unchanged, so they must be short and printable. */
static bool echo_is_sound(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len <= ADHOC_ECHO_MAX;
}

static const char *sent_or_empty(const struct adhoc_form *form, const char *var)
{
	const char *value = adhoc_form_value(form, var);

	return value != NULL ? value : "";
}

/* Checks the node before the fields, as Tigase does. */
static enum status command_judge(struct adhoc_command *command, struct error *err)
{
	const struct adhoc_form *form = &command->form;

	if (form->node == NULL || form->node[0] == '\0')
		return error_set(err, STATUS_NOT_FOUND,
				 "the command has no node; the only command is " ADHOC_NODE);
	if (strcmp(form->node, ADHOC_NODE) != 0)
		return error_set(err, STATUS_NOT_FOUND,
				 "there is no such command; the only command is " ADHOC_NODE);
	if (form->fault != NULL)
		return malformed(form->fault, err);
	command->from = sent_or_empty(form, "from");
	command->hold = sent_or_empty(form, "hold");
	command->wait = sent_or_empty(form, "wait");
	if (!echo_is_sound(command->hold) || !echo_is_sound(command->wait))
		return malformed("hold and wait must be numbers", err);
	return STATUS_OK;
}

enum status adhoc_command_read(enum adhoc_format format, const char *data, size_t len,
			       struct adhoc_command *out, struct error *err)
{
	const struct adhoc_text text = {.data = data, .len = len};
	struct adhoc_command command = {0};
	struct error why = {0};
	enum status status = adhoc_form_read(format, ADHOC_LENIENT, &text, &command.form, &why);

	if (status == STATUS_BAD_REQUEST)
		return malformed(why.text, err);
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	status = command_judge(&command, err);
	if (status == STATUS_OK)
		*out = command;
	else
		adhoc_command_clear(&command);
	return status;
}

/* ---- the answers ---- */

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static struct adhoc_field field(const char *var, const char *label, const char *type,
				const char *value)
{
	return (struct adhoc_field){.var = var, .label = label, .type = type, .value = value};
}

/* Writes an answer that has only fields. */
static void fields_write(struct strbuf *out, enum adhoc_format format, const char *component,
			 struct adhoc_field *fields, size_t n_fields)
{
	const struct adhoc_form form = {
	    .jid = component, .node = ADHOC_NODE, .fields = fields, .n_fields = n_fields};

	adhoc_form_write(out, format, ADHOC_AS_TIGASE, &form);
}

void adhoc_result_write(struct strbuf *out, enum adhoc_format format, const char *component,
			const struct adhoc_result *result)
{
	struct adhoc_field fields[] = {
	    field("from", "JID", "jid-single", result->from),
	    field("hostname", "hostname", "jid-single", result->hostname),
	    field("rid", "RID", "text-single", result->rid),
	    field("sid", "SID", "text-single", result->sid),
	    field("hold", "HOLD", "text-single", result->hold),
	    field("wait", "WAIT", "text-single", result->wait),
	};

	fields_write(out, format, component, fields, LENGTH(fields));
}

void adhoc_empty_form_write(struct strbuf *out, enum adhoc_format format, const char *component)
{
	static const char from_label[] =
	    "JID of the user for which session should be created - either BareJID or FullJID, "
	    "the former will result in randomly generated resource";
	struct adhoc_field fields[] = {
	    field("FORM_TYPE", NULL, "hidden", "http://jabber.org/protocol/admin"),
	    field("from", from_label, "jid-single", ""),
	    field("hold", "HOLD value (optional)", "text-single", "1"),
	    field("wait", "WAIT value (optional)", "text-single", "60"),
	};
	const struct adhoc_form form = {
	    .jid = component,
	    .node = ADHOC_NODE,
	    .fields = fields,
	    .n_fields = LENGTH(fields),
	    .title = "Pre-bind BOSH user session",
	    .instructions = "Fill out this form to create and pre-bind BOSH user session.",
	};

	adhoc_form_write(out, format, ADHOC_AS_TIGASE, &form);
}

void adhoc_error_write(struct strbuf *out, enum adhoc_format format, const char *component,
		       const char *said)
{
	struct adhoc_field fields[] = {field("Error", NULL, "fixed", said)};

	fields_write(out, format, component, fields, LENGTH(fields));
}

void adhoc_no_result_write(struct strbuf *out, enum adhoc_format format, const char *component)
{
	struct adhoc_field fields[] = {
	    field("Script result", NULL, "text-multi",
		  "Script finished with no errors but returned no results."),
	};

	fields_write(out, format, component, fields, LENGTH(fields));
}

void adhoc_list_write(struct strbuf *out, enum adhoc_format format, const char *component)
{
	const struct adhoc_item item = {
	    .jid = component, .node = ADHOC_NODE, .name = "Pre-Bind BOSH user session"};

	adhoc_items_write(out, format, &item);
}
