/*
 * Reads and writes the form of an ad-hoc command (XEP-0050) as Tigase's REST call sends it, in JSON
 * and in XML. The request and the answer have the same structure. The content of the form is
 * checked by adhoc_bind.c and adhoc_add_user.c (as client) and by adhoc_server.c (as server).
 * Pure: bytes in, bytes out.
 *
 *   {"command":{"jid":…,"node":…,"fields":[{"var":…,"label":…,"type":…,"value":…},…],
 *    "note":{"type":…,"value":…},"title":…,"instructions":…}}
 *   <command><jid/><node/><fields><item><var/><label/><type/><value/></item>…</fields>
 *    <note><type/><value/></note><title/><instructions/></command>
 *
 * A value is null or missing, a string, or a list of strings.
 */
#ifndef XMPP_ADHOC_FORM_H
#define XMPP_ADHOC_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

#define ADHOC_NODE         "pre-bind-bosh-session" /* the command that opens a session */
#define ADHOC_HOSTNAME_MAX 253

enum adhoc_format { ADHOC_JSON, ADHOC_XML };

enum adhoc_reading {
	/*
	 * Reads an answer of Tigase. Refuses everything that Tigase never sends, such as a repeated
	 * part, an unknown element or a value of the wrong kind. Decodes the additional level of
	 * XML escaping in the values of Tigase's answers. Joins several values of a field with ",
	 * ".
	 */
	ADHOC_STRICT,
	/*
	 * Reads a request to us in the same way as Tigase does. If there are several parts or
	 * values, the first part or value counts. Unknown elements are skipped.
	 */
	ADHOC_LENIENT,
};

enum adhoc_layout {
	ADHOC_COMPACT,
	/*
	 * Writes an answer in the same way as Tigase does. In XML each element has its own line. In
	 * both formats, values have one additional level of XML escaping, which Tigase's clients
	 * decode.
	 */
	ADHOC_AS_TIGASE,
};

struct adhoc_field {
	const char *var;   /* borrowed, like all strings here except `made` */
	const char *label; /* NULL for none; ignored when read; differs between Tigase versions */
	const char *type;  /* NULL for none; ignored when read */
	const char *value; /* "" for none; "" is written as null or as an empty element */
	size_t n_values;   /* how many values were read; ADHOC_STRICT does not count empty ones */
	char *made;        /* owned; the value, if it differs from the text that was read */
};

struct json;
struct xml_node;

struct adhoc_form {
	const char *jid;            /* the answering component; NULL for none; ignored when read */
	const char *node;           /* the command's name; NULL for none */
	struct adhoc_field *fields; /* owned if the form was read, otherwise borrowed */
	size_t n_fields;
	const char *title;        /* NULL for none; ignored when read */
	const char *instructions; /* NULL for none; ignored when read */

	/* The members below are set only in a form that was read. */
	const char *note;     /* the text of a note of type error; NULL for none */
	const char *fault;    /* static; why the fields are not valid; NULL if they are valid */
	struct json *json;    /* owned; the parsed JSON */
	struct xml_node *xml; /* owned; the parsed XML */
	enum adhoc_reading reading;
};

struct adhoc_text {
	const char *data;
	size_t len;
	const char *encoding; /* for XML, as in xml_parse; NULL if the text declares it */
};

/*
 * Reads a form. Returns STATUS_BAD_REQUEST if the text is not a command; err says why, in a few
 * words. If a field is invalid, ADHOC_STRICT returns STATUS_BAD_REQUEST, too. ADHOC_LENIENT returns
 * STATUS_OK and sets out->fault to the reason; *out then has the fields up to the invalid field.
 * The caller clears *out.
 */
enum status adhoc_form_read(enum adhoc_format format, enum adhoc_reading reading,
			    const struct adhoc_text *text, struct adhoc_form *out,
			    struct error *err);
void adhoc_form_clear(struct adhoc_form *form); /* only for a form that was read, or {0} */

void adhoc_form_write(struct strbuf *out, enum adhoc_format format, enum adhoc_layout layout,
		      const struct adhoc_form *form);

/* Returns the first field of that name, or NULL. */
const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var);

/* Returns the value of the first field of that name, or NULL. */
const char *adhoc_form_value(const struct adhoc_form *form, const char *var);

/* One item of a list of commands. */
struct adhoc_item {
	const char *jid; /* JID of the component */
	const char *node;
	const char *name;
};

/* True if the text is a list of commands that includes the command `node`. */
bool adhoc_items_name(enum adhoc_format format, const struct adhoc_text *text, const char *node);

/* Writes a list of one item, as Tigase prints it. */
void adhoc_items_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_item *item);

/* An error message. We send it in cases in which Tigase sends an empty body. */
struct adhoc_refusal {
	const char *code; /* from status_name */
	const char *message;
	const char *request_id;
};

/* Writes a refusal. Bytes of the message outside ASCII become '?'. */
void adhoc_refusal_write(struct strbuf *out, enum adhoc_format format,
			 const struct adhoc_refusal *refusal);

/* True if the field `hostname` can have this value: 1 to 253 letters, digits, dots and hyphens. */
bool adhoc_hostname_check(const char *text);

/* Returns "application/json; charset=utf-8" or "application/xml; charset=utf-8"; static. */
const char *adhoc_content_type(enum adhoc_format format);

#endif
