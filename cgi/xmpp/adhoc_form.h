/*
 * The form of an ad-hoc command (XEP-0050) as Tigase's REST call sends it: the request and the
 * answer have the same form, in JSON and in XML. These functions only read and write it.
 * adhoc_bind.c and adhoc_add_user.c (as client) and adhoc_server.c (as server) judge it. Pure:
 * bytes in, bytes out.
 *
 *   {"command":{"jid":…,"node":…,"fields":[{"var":…,"label":…,"type":…,"value":…},…],
 *    "note":{"type":…,"value":…},"title":…,"instructions":…}}
 *   <command><jid/><node/><fields><item><var/><label/><type/><value/></item>…</fields>
 *    <note><type/><value/></note><title/><instructions/></command>
 *
 * A value is null or missing, a text, or a list of texts.
 */
#ifndef XMPP_ADHOC_FORM_H
#define XMPP_ADHOC_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

#define ADHOC_NODE         "pre-bind-bosh-session" /* the command that makes a session */
#define ADHOC_HOSTNAME_MAX 253

enum adhoc_format { ADHOC_JSON, ADHOC_XML };

enum adhoc_reading {
	/*
	 * For an answer of Tigase. It refuses everything that Tigase does not print: a part that
	 * occurs twice, an unknown element, a value of another kind. Values lose the additional
	 * level of XML escaping that Tigase's answers have; several of a field are joined with ",
	 * ".
	 */
	ADHOC_STRICT,
	/*
	 * For a request to us, read as Tigase reads it. Of several parts or values the first one
	 * counts, and unknown elements are skipped.
	 */
	ADHOC_LENIENT,
};

enum adhoc_layout {
	ADHOC_COMPACT,
	/*
	 * As Tigase prints an answer: XML with a line for each element, and in both formats values
	 * with one more level of XML escaping. Tigase's clients decode that level.
	 */
	ADHOC_AS_TIGASE,
};

struct adhoc_field {
	const char *var;   /* borrowed, as are all texts here */
	const char *label; /* NULL: none; not read, because it differs between Tigase's versions */
	const char *type;  /* NULL: none; not read, as label */
	const char *value; /* "": none, which is written as null or as an empty element */
	size_t n_values;   /* values read; ADHOC_STRICT does not count empty ones */
	char *made;        /* owned; the value, if it is not the text as it was read */
};

struct json;
struct xml_node;

struct adhoc_form {
	const char *jid;            /* of the component that answers; NULL: none; not read */
	const char *node;           /* the command's name; NULL: none */
	struct adhoc_field *fields; /* owned if the form was read, otherwise borrowed */
	size_t n_fields;
	const char *title;        /* NULL: none; not read */
	const char *instructions; /* NULL: none; not read */

	/* only in a form that was read */
	const char *note;     /* the text of a note of type error; NULL: none */
	const char *fault;    /* constant: why the fields are not those of a form; NULL: they are */
	struct json *json;    /* owned: the text that was read */
	struct xml_node *xml; /* owned: the same for XML */
	enum adhoc_reading reading;
};

struct adhoc_text {
	const char *data;
	size_t len;
	const char *encoding; /* of XML, as in xml_parse; NULL: the text says it */
};

/*
 * Reads a form. STATUS_BAD_REQUEST: the text is no command; err says why, in a few words. A fault
 * in the fields is STATUS_BAD_REQUEST too if reading is ADHOC_STRICT. If it is ADHOC_LENIENT,
 * out->fault says why, the fields up to the fault are there, and the status is STATUS_OK. The
 * caller clears *out.
 */
enum status adhoc_form_read(enum adhoc_format format, enum adhoc_reading reading,
			    const struct adhoc_text *text, struct adhoc_form *out,
			    struct error *err);
void adhoc_form_clear(struct adhoc_form *form); /* only a form that was read, or {0} */

void adhoc_form_write(struct strbuf *out, enum adhoc_format format, enum adhoc_layout layout,
		      const struct adhoc_form *form);

/* Returns the first field of that name, or NULL. */
const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var);

/* Returns the value of the first field of that name, or NULL. */
const char *adhoc_form_value(const struct adhoc_form *form, const char *var);

/* One item of a list of commands. */
struct adhoc_item {
	const char *jid; /* of the component */
	const char *node;
	const char *name;
};

/* True if the text is a list of commands that names node. */
bool adhoc_items_name(enum adhoc_format format, const struct adhoc_text *text, const char *node);

/* Writes a list of one item, as Tigase prints it. */
void adhoc_items_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_item *item);

/* What we send where Tigase sends an empty body. */
struct adhoc_refusal {
	const char *code; /* status_name */
	const char *message;
	const char *request_id;
};

/* Writes a refusal. Bytes of the message outside ASCII become '?'. */
void adhoc_refusal_write(struct strbuf *out, enum adhoc_format format,
			 const struct adhoc_refusal *refusal);

/* True if the field `hostname` may have this value: 1 to 253 letters, digits, dots and hyphens. */
bool adhoc_hostname_check(const char *text);

/* Returns "application/json; charset=utf-8" or "application/xml; charset=utf-8"; static. */
const char *adhoc_content_type(enum adhoc_format format);

#endif
