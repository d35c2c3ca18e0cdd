/*
 * The declarations that adhoc_form.c and its two formats, adhoc_json.c and adhoc_xml.c, share. No
 * other file includes this header.
 */
#ifndef XMPP_ADHOC_SYNTAX_H
#define XMPP_ADHOC_SYNTAX_H

#include "xmpp/adhoc_form.h"

/* The reader and the writer of one format. */
struct adhoc_syntax {
	const char *content_type;

	/* Parses the text into form->json or form->xml. */
	enum status (*parse)(const struct adhoc_text *text, struct adhoc_form *form,
			     struct error *err);

	/*
	 * Read a parsed form: command_read reads the node and the note, then fields_read reads the
	 * fields. Both return false after a failure. form->fault then says why, or is NULL if out
	 * of memory.
	 */
	bool (*command_read)(struct adhoc_form *form);
	bool (*fields_read)(struct adhoc_form *form);

	/* True if a parsed text is a list of commands that includes the command `node`. */
	bool (*items_name)(const struct adhoc_form *parsed, const char *node);

	void (*form_write)(struct strbuf *out, enum adhoc_layout layout,
			   const struct adhoc_form *form);
	void (*items_write)(struct strbuf *out, const struct adhoc_item *item);
	void (*refusal_write)(struct strbuf *out, const struct adhoc_refusal *refusal);
};

extern const struct adhoc_syntax adhoc_json, adhoc_xml;

/* ---- for the readers ---- */

/* Sets form->fault and returns false. */
bool adhoc_form_fault(struct adhoc_form *form, const char *fault);

/*
 * Allocates room for n_fields fields; call it before adhoc_form_add. Returns false if out of
 * memory.
 */
bool adhoc_form_reserve(struct adhoc_form *form, size_t n_fields);

/* Returns the new field, owned by the form. */
struct adhoc_field *adhoc_form_add(struct adhoc_form *form, const char *var);

/*
 * Adds a value as it was sent. With ADHOC_LENIENT only the first value is added. Returns false if
 * out of memory.
 */
bool adhoc_field_add_value(struct adhoc_field *field, enum adhoc_reading reading, const char *text);

/* ---- for the writers ---- */

/* Appends a value: plain, or with the additional level of escaping if the layout is Tigase's. */
void adhoc_value_write(struct strbuf *out, enum adhoc_layout layout, const char *value);

#endif
