/*
 * The form inside an answer of Tigase's, the same whether it came as XML or as JSON. It keeps the
 * parsed answer and borrows its texts. Only for adhoc*.c.
 */
#ifndef XMPP_ADHOC_FORM_H
#define XMPP_ADHOC_FORM_H

#include "xmpp/adhoc.h"

struct json;
struct xml_node;

struct adhoc_field {
	const char *var;   /* the answer's */
	const char *value; /* the answer's, or made; several are joined with ", "; "" for none */
	char *made;        /* owned; NULL: the answer's text could stay as it is */
	size_t n_values;   /* null, an empty text and a missing one are no value */
};

struct adhoc_form {
	struct json *json;    /* owned: the answer; one of the two is NULL */
	struct xml_node *xml; /* owned */
	const char *node;     /* the answer's; NULL: it names none */
	const char *note;     /* the answer's; of a note of type error; NULL: there is none */
	struct adhoc_field *fields;
	size_t n_fields;
};

/* Reads an answer whose content type is the format's; the caller clears *out. */
enum status adhoc_answer_read(enum adhoc_format format, const struct adhoc_answer *answer,
			      struct adhoc_form *out, struct error *err);

/* Appends a request: a command and its fields. */
struct adhoc_pair {
	const char *var;
	const char *value;
};
void adhoc_command_write(struct strbuf *out, enum adhoc_format format, const char *node,
			 const struct adhoc_pair *pairs, size_t n);

void adhoc_form_clear(struct adhoc_form *form);

/* Room for so many fields, to be had before the first one; false: out of memory. */
bool adhoc_form_reserve(struct adhoc_form *form, size_t n_fields);

/* The new field, owned by the form; var is borrowed. */
struct adhoc_field *adhoc_form_add(struct adhoc_form *form, const char *var);

/*
 * text is borrowed. Takes off the level of XML escaping that Tigase leaves inside a value; false:
 * out of memory.
 */
bool adhoc_field_add_value(struct adhoc_field *field, const char *text);

/* The first field of that name, or NULL. */
const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var);

/* True if the answer is that command's empty form: it has been neither filled in nor refused. */
bool adhoc_answer_is_form(enum adhoc_format format, const struct adhoc_answer *answer,
			  const char *node);

/* A field's text, or NULL. */
const char *adhoc_form_value(const struct adhoc_form *form, const char *var);

/* The field's one value; it may neither be missing nor come twice nor have several values. */
enum status adhoc_form_single(const struct adhoc_form *form, const char *var, const char **out,
			      struct error *err);

/* STATUS_CHAT_SERVER: "Tigase's answer is not …: WHY". */
enum status adhoc_refuse(enum adhoc_format format, const char *why, struct error *err);

/*
 * False: not the type that belongs to format, or in another charset than we read (UTF-8; for XML
 * also ISO-8859-1). *encoding: for xml_parse, NULL where the type says nothing.
 */
bool adhoc_content_type_read(enum adhoc_format format, const char *type, const char **encoding);

/* encoding: as for xml_parse. The caller clears *out. */
enum status adhoc_xml_read(const struct adhoc_answer *answer, const char *encoding,
			   struct adhoc_form *out, struct error *err);
enum status adhoc_json_read(const struct adhoc_answer *answer, struct adhoc_form *out,
			    struct error *err);
bool adhoc_xml_list_has(const struct adhoc_answer *answer, const char *encoding, const char *node);
bool adhoc_json_list_has(const struct adhoc_answer *answer, const char *node);

#endif
