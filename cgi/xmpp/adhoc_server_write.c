/*
 * Writes the answers of the command with Tigase's labels, types and order (versions from 7.1; the
 * recordings are in tests/peers/tigase). In XML and in JSON, values have one more level of XML
 * escaping than the format needs. Tigase's clients decode it, so they expect it here too.
 */
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "xmpp/adhoc_server.h"

/* One field, its parts in Tigase's order. label NULL: no label. */
struct field {
	const char *var;
	const char *label;
	const char *type;
	const char *value; /* "" becomes <value /> or null */
};

/* A command's answer. Only the form has a title and instructions. */
struct answer {
	const char *component;
	const struct field *fields;
	size_t count;
	const char *title;
	const char *instructions;
};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

/* ---- XML ---- */

/* Writes an element on a line of its own. "" becomes <name />, as Groovy prints it. */
static void xml_line(struct strbuf *out, int indent, const char *name, const char *text)
{
	strbuf_addf(out, "%*s<%s", indent, "", name);
	if (text[0] == '\0') {
		strbuf_adds(out, " />\n");
		return;
	}
	strbuf_addc(out, '>');
	codec_xml(out, text);
	strbuf_addf(out, "</%s>\n", name);
}

static void xml_field(struct strbuf *out, const struct field *field)
{
	struct strbuf value;

	strbuf_init_secret(&value);
	codec_xml(&value, field->value);
	strbuf_adds(out, "    <item>\n");
	xml_line(out, 6, "var", field->var);
	if (field->label != NULL)
		xml_line(out, 6, "label", field->label);
	xml_line(out, 6, "type", field->type);
	xml_line(out, 6, "value", value.data);
	strbuf_adds(out, "    </item>\n");
	out->failed |= !strbuf_ok(&value);
	strbuf_clear(&value);
}

static void xml_answer(struct strbuf *out, const struct answer *answer)
{
	strbuf_adds(out, "<command>\n");
	xml_line(out, 2, "jid", answer->component);
	xml_line(out, 2, "node", ADHOC_NODE);
	strbuf_adds(out, "  <fields>\n");
	for (size_t i = 0; i < answer->count; i++)
		xml_field(out, &answer->fields[i]);
	strbuf_adds(out, "  </fields>\n");
	if (answer->title != NULL)
		xml_line(out, 2, "title", answer->title);
	if (answer->instructions != NULL)
		xml_line(out, 2, "instructions", answer->instructions);
	strbuf_adds(out, "</command>");
}

/* ---- JSON ---- */

static void json_field(struct json_writer *w, const struct field *field)
{
	struct strbuf value;

	strbuf_init_secret(&value);
	codec_xml(&value, field->value);
	json_open_object(w, NULL);
	json_put_string(w, "var", field->var);
	if (field->label != NULL)
		json_put_string(w, "label", field->label);
	json_put_string(w, "type", field->type);
	json_put_string(w, "value", field->value[0] != '\0' ? value.data : NULL);
	json_close_object(w);
	w->out->failed |= !strbuf_ok(&value);
	strbuf_clear(&value);
}

static void json_answer(struct strbuf *out, const struct answer *answer)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_open_object(&w, "command");
	json_put_string(&w, "jid", answer->component);
	json_put_string(&w, "node", ADHOC_NODE);
	json_open_array(&w, "fields");
	for (size_t i = 0; i < answer->count; i++)
		json_field(&w, &answer->fields[i]);
	json_close_array(&w);
	if (answer->title != NULL)
		json_put_string(&w, "title", answer->title);
	if (answer->instructions != NULL)
		json_put_string(&w, "instructions", answer->instructions);
	json_close_object(&w);
	json_close_object(&w);
}

/* ---- the answers ---- */

static void answer_write(struct strbuf *out, enum adhoc_format format, const struct answer *answer)
{
	if (format == ADHOC_JSON)
		json_answer(out, answer);
	else
		xml_answer(out, answer);
}

void adhoc_result_write(struct strbuf *out, enum adhoc_format format, const char *component,
			const struct adhoc_result *result)
{
	const struct field fields[] = {
	    {"from",     "JID",      "jid-single",  result->from    },
	    {"hostname", "hostname", "jid-single",  result->hostname},
	    {"rid",      "RID",      "text-single", result->rid     },
	    {"sid",      "SID",      "text-single", result->sid     },
	    {"hold",     "HOLD",     "text-single", result->hold    },
	    {"wait",     "WAIT",     "text-single", result->wait    },
	};
	struct answer answer = {.component = component, .fields = fields, .count = LENGTH(fields)};

	answer_write(out, format, &answer);
}

void adhoc_form_write(struct strbuf *out, enum adhoc_format format, const char *component)
{
	static const struct field fields[] = {
	    {"FORM_TYPE", NULL,				       "hidden",      "http://jabber.org/protocol/admin"},
	    {"from",
	     "JID of the user for which session should be created - either BareJID or FullJID, "
	     "the former will result in randomly generated resource", "jid-single",  ""				},
	    {"hold",      "HOLD value (optional)",                    "text-single", "1"                               },
	    {"wait",      "WAIT value (optional)",                    "text-single", "60"                              },
	};
	struct answer answer = {
	    .component = component,
	    .fields = fields,
	    .count = LENGTH(fields),
	    .title = "Pre-bind BOSH user session",
	    .instructions = "Fill out this form to create and pre-bind BOSH user session.",
	};

	answer_write(out, format, &answer);
}

void adhoc_error_write(struct strbuf *out, enum adhoc_format format, const char *component,
		       const char *said)
{
	const struct field field = {"Error", NULL, "fixed", said};
	struct answer answer = {.component = component, .fields = &field, .count = 1};

	answer_write(out, format, &answer);
}

void adhoc_no_result_write(struct strbuf *out, enum adhoc_format format, const char *component)
{
	const struct field field = {
	    .var = "Script result",
	    .type = "text-multi",
	    .value = "Script finished with no errors but returned no results.",
	};
	struct answer answer = {.component = component, .fields = &field, .count = 1};

	answer_write(out, format, &answer);
}

void adhoc_list_write(struct strbuf *out, enum adhoc_format format, const char *component)
{
	static const char name[] = "Pre-Bind BOSH user session";
	struct json_writer w;

	if (format == ADHOC_XML) {
		strbuf_adds(out, "<items>\n  <item>\n");
		xml_line(out, 4, "jid", component);
		xml_line(out, 4, "node", ADHOC_NODE);
		xml_line(out, 4, "name", name);
		strbuf_adds(out, "  </item>\n</items>");
		return;
	}
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_open_array(&w, "items");
	json_open_object(&w, NULL);
	json_put_string(&w, "jid", component);
	json_put_string(&w, "node", ADHOC_NODE);
	json_put_string(&w, "name", name);
	json_close_object(&w);
	json_close_array(&w);
	json_close_object(&w);
}

/* A sentence may quote the caller, and may be cut in the middle of a UTF-8 character. */
static void ascii_only(struct strbuf *out, const char *text)
{
	for (; *text != '\0'; text++)
		strbuf_addc(out, (unsigned char)*text < 0x80 ? *text : '?');
}

void adhoc_refusal_write(struct strbuf *out, enum adhoc_format format,
			 const struct adhoc_refusal *refusal)
{
	struct strbuf message;
	struct json_writer w;

	strbuf_init(&message);
	ascii_only(&message, refusal->message);
	if (format == ADHOC_XML) {
		strbuf_adds(out, "<error>\n");
		xml_line(out, 2, "code", refusal->code);
		xml_line(out, 2, "message", message.data);
		xml_line(out, 2, "request_id", refusal->request_id);
		strbuf_adds(out, "</error>");
	} else {
		json_writer_init(&w, out);
		json_open_object(&w, NULL);
		json_put_string(&w, "error", refusal->code);
		json_put_string(&w, "message", message.data);
		json_put_string(&w, "request_id", refusal->request_id);
		json_close_object(&w);
	}
	out->failed |= !strbuf_ok(&message);
	strbuf_clear(&message);
}
