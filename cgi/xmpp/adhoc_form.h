/*
 * The form inside an answer of Tigase, the same for XML and JSON. It owns the parsed answer and
 * borrows its texts. Only for adhoc*.c.
 */
#ifndef XMPP_ADHOC_FORM_H
#define XMPP_ADHOC_FORM_H

#include "xmpp/adhoc_bind.h"

struct json;
struct xml_node;

struct adhoc_field {
	const char *var;   /* borrowed from the answer */
	const char *value; /* borrowed, or made; several are joined with ", "; "" for none */
	char *made;        /* owned; NULL: value points into the answer */
	size_t n_values;   /* null, an empty text and a missing value do not count */
};

struct adhoc_form {
	struct json *json;    /* owned: the answer; NULL for XML */
	struct xml_node *xml; /* owned: the answer; NULL for JSON */
	const char *node;     /* borrowed from the answer; NULL: it names none */
	const char *note;     /* borrowed: the text of a note of type error; NULL: none */
	struct adhoc_field *fields;
	size_t n_fields;
};

/* Reads an answer. Its content type must be that of the format. The caller clears *out. */
enum status adhoc_answer_read(enum adhoc_format format, const struct adhoc_answer *answer,
			      struct adhoc_form *out, struct error *err);

/* Appends a request: the command node and n fields. */
struct adhoc_pair {
	const char *var;
	const char *value;
};
void adhoc_command_write(struct strbuf *out, enum adhoc_format format, const char *node,
			 const struct adhoc_pair *pairs, size_t n);

void adhoc_form_clear(struct adhoc_form *form);

/* Allocates room for n_fields fields; call it before adhoc_form_add. False: out of memory. */
bool adhoc_form_reserve(struct adhoc_form *form, size_t n_fields);

/* Returns the new field, owned by the form. var is borrowed. */
struct adhoc_field *adhoc_form_add(struct adhoc_form *form, const char *var);

/*
 * Adds a value. text is borrowed. Removes the extra level of XML escaping that Tigase leaves inside
 * a value. False: out of memory.
 */
bool adhoc_field_add_value(struct adhoc_field *field, const char *text);

/* Returns the first field of that name, or NULL. */
const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var);

/* True if the answer is the empty form of the command node, with neither a result nor an error. */
bool adhoc_answer_is_form(enum adhoc_format format, const struct adhoc_answer *answer,
			  const char *node);

/* Returns a field's text, or NULL. */
const char *adhoc_form_value(const struct adhoc_form *form, const char *var);

/*
 * Sets *out to the field's value. A missing, repeated or many-valued field is STATUS_CHAT_SERVER.
 */
enum status adhoc_form_single(const struct adhoc_form *form, const char *var, const char **out,
			      struct error *err);

/* Returns STATUS_CHAT_SERVER with the sentence "Tigase's answer is not …: WHY". */
enum status adhoc_refuse(enum adhoc_format format, const char *why, struct error *err);

/*
 * False: the type is not that of format, or the charset is not supported (UTF-8; for XML also
 * ISO-8859-1). *encoding is for xml_parse; NULL if the type names no charset.
 */
bool adhoc_content_type_read(enum adhoc_format format, const char *type, const char **encoding);

/* encoding is that of xml_parse. The caller clears *out. */
enum status adhoc_xml_read(const struct adhoc_answer *answer, const char *encoding,
			   struct adhoc_form *out, struct error *err);
enum status adhoc_json_read(const struct adhoc_answer *answer, struct adhoc_form *out,
			    struct error *err);
bool adhoc_xml_list_has(const struct adhoc_answer *answer, const char *encoding, const char *node);
bool adhoc_json_list_has(const struct adhoc_answer *answer, const char *node);

#endif
