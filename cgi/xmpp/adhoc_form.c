/*
 * The part of the form code that is the same for both formats. Fields are found by their `var`,
 * because their order differs between Tigase's versions.
 */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/xml.h"
#include "xmpp/adhoc_syntax.h"

static const struct adhoc_syntax *const syntaxes[] = {
    [ADHOC_JSON] = &adhoc_json,
    [ADHOC_XML] = &adhoc_xml,
};

/* ---- reading ---- */

void adhoc_form_clear(struct adhoc_form *form)
{
	for (size_t i = 0; i < form->n_fields; i++)
		secret_free(form->fields[i].made); /* wiped, because it can hold a sid */
	free(form->fields);
	json_free(form->json);
	xml_free(form->xml);
	*form = (struct adhoc_form){0};
}

static enum status refuse(const struct adhoc_form *form, struct error *err)
{
	return form->fault == NULL ? error_no_memory(err)
				   : error_set(err, STATUS_BAD_REQUEST, "%s", form->fault);
}

enum status adhoc_form_read(enum adhoc_format format, enum adhoc_reading reading,
			    const struct adhoc_text *text, struct adhoc_form *out,
			    struct error *err)
{
	const struct adhoc_syntax *syntax = syntaxes[format];
	struct adhoc_form form = {.reading = reading};
	enum status status = syntax->parse(text, &form, err);

	if (status == STATUS_OK &&
	    (!syntax->command_read(&form) ||
	     (!syntax->fields_read(&form) && (reading == ADHOC_STRICT || form.fault == NULL))))
		status = refuse(&form, err);
	if (status == STATUS_OK)
		*out = form;
	else
		adhoc_form_clear(&form);
	return status;
}

bool adhoc_form_fault(struct adhoc_form *form, const char *fault)
{
	form->fault = fault;
	return false;
}

bool adhoc_form_reserve(struct adhoc_form *form, size_t n_fields)
{
	/* + 1, because calloc(0) can return NULL */
	form->fields = calloc(n_fields + 1, sizeof(*form->fields));
	return form->fields != NULL;
}

struct adhoc_field *adhoc_form_add(struct adhoc_form *form, const char *var)
{
	struct adhoc_field *field = &form->fields[form->n_fields++];

	*field = (struct adhoc_field){.var = var, .value = ""};
	return field;
}

/* Decodes the five named entities, one level only. Any other "&" stays as it is. */
static void unescape(struct strbuf *out, const char *text)
{
	static const struct entity {
		const char *name;
		char character;
	} entities[] = {
	    {"&amp;",  '&' },
            {"&lt;",   '<' },
            {"&gt;",   '>' },
            {"&quot;", '"' },
            {"&apos;", '\''},
	};
	const size_t n = sizeof(entities) / sizeof(entities[0]);
	size_t i;

	for (;;) {
		size_t plain = strcspn(text, "&");

		strbuf_add(out, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		for (i = 0; i < n; i++)
			if (strncmp(text, entities[i].name, strlen(entities[i].name)) == 0)
				break;
		strbuf_addc(out, i < n ? entities[i].character : '&');
		text += i < n ? strlen(entities[i].name) : 1;
	}
}

/* Decodes text and appends it to the field's values. */
static bool join(struct adhoc_field *field, const char *text)
{
	struct strbuf joined;
	char *made;

	strbuf_init_secret(&joined);
	if (field->n_values > 0) {
		strbuf_adds(&joined, field->value);
		strbuf_adds(&joined, ", ");
	}
	unescape(&joined, text);
	made = strbuf_take(&joined);
	strbuf_clear(&joined);
	if (made == NULL)
		return false;
	secret_free(field->made);
	field->value = field->made = made;
	return true;
}

bool adhoc_field_add_value(struct adhoc_field *field, enum adhoc_reading reading, const char *text)
{
	bool is_strict = reading == ADHOC_STRICT;

	if (is_strict ? text[0] == '\0' : field->n_values > 0)
		return true;
	if (!is_strict || (field->n_values == 0 && strchr(text, '&') == NULL))
		field->value = text;
	else if (!join(field, text))
		return false;
	field->n_values++;
	return true;
}

/* ---- the content ---- */

const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var)
{
	for (size_t i = 0; i < form->n_fields; i++)
		if (strcmp(form->fields[i].var, var) == 0)
			return &form->fields[i];
	return NULL;
}

const char *adhoc_form_value(const struct adhoc_form *form, const char *var)
{
	const struct adhoc_field *field = adhoc_form_find(form, var);

	return field != NULL ? field->value : NULL;
}

bool adhoc_items_name(enum adhoc_format format, const struct adhoc_text *text, const char *node)
{
	struct adhoc_form parsed = {0};
	bool found = syntaxes[format]->parse(text, &parsed, NULL) == STATUS_OK &&
		     syntaxes[format]->items_name(&parsed, node);

	adhoc_form_clear(&parsed);
	return found;
}

/* ---- writing ---- */

void adhoc_form_write(struct strbuf *out, enum adhoc_format format, enum adhoc_layout layout,
		      const struct adhoc_form *form)
{
	syntaxes[format]->form_write(out, layout, form);
}

void adhoc_items_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_item *item)
{
	syntaxes[format]->items_write(out, item);
}

/*
 * Replaces bytes outside ASCII, because the message can quote the caller's text, and the quoted
 * text can end in the middle of a UTF-8 character.
 */
void adhoc_refusal_write(struct strbuf *out, enum adhoc_format format,
			 const struct adhoc_refusal *refusal)
{
	struct adhoc_refusal plain = *refusal;
	struct strbuf message;

	strbuf_init(&message);
	for (const char *c = refusal->message; *c != '\0'; c++)
		strbuf_addc(&message, (unsigned char)*c < 0x80 ? *c : '?');
	plain.message = message.data;
	syntaxes[format]->refusal_write(out, &plain);
	out->failed |= !strbuf_ok(&message);
	strbuf_clear(&message);
}

void adhoc_value_write(struct strbuf *out, enum adhoc_layout layout, const char *value)
{
	if (layout == ADHOC_AS_TIGASE)
		codec_xml(out, value);
	else
		strbuf_adds(out, value);
}

bool adhoc_hostname_check(const char *text)
{
	size_t len =
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

	return len > 0 && len <= ADHOC_HOSTNAME_MAX && text[len] == '\0';
}

const char *adhoc_content_type(enum adhoc_format format)
{
	return syntaxes[format]->content_type;
}
