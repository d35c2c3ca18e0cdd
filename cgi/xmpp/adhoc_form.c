/*
 * The form inside an answer: a list of fields, found by their `var`. The order and the labels
 * differ between Tigase's versions, so neither is used.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "xmpp/adhoc_form.h"

void adhoc_form_clear(struct adhoc_form *form)
{
	for (size_t i = 0; i < form->n_fields; i++)
		secret_free(form->fields[i].made); /* may hold a sid */
	free(form->fields);
	json_free(form->json);
	xml_free(form->xml);
	*form = (struct adhoc_form){0};
}

bool adhoc_form_reserve(struct adhoc_form *form, size_t n_fields)
{
	form->fields = calloc(n_fields + 1, sizeof *form->fields); /* + 1: calloc(0) may be NULL */
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
	const size_t n = sizeof entities / sizeof entities[0];
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

bool adhoc_field_add_value(struct adhoc_field *field, const char *text)
{
	if (text[0] == '\0')
		return true;
	if (field->n_values == 0 && strchr(text, '&') == NULL)
		field->value = text;
	else if (!join(field, text))
		return false;
	field->n_values++;
	return true;
}

/* Compares the first byte first, because it differs for most names. */
static bool is_named(const struct adhoc_field *field, const char *var)
{
	return field->var[0] == var[0] && strcmp(field->var, var) == 0;
}

const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var)
{
	for (size_t i = 0; i < form->n_fields; i++)
		if (is_named(&form->fields[i], var))
			return &form->fields[i];
	return NULL;
}

const char *adhoc_form_value(const struct adhoc_form *form, const char *var)
{
	const struct adhoc_field *field = adhoc_form_find(form, var);

	return field != NULL ? field->value : NULL;
}

static size_t count_fields(const struct adhoc_form *form, const char *var)
{
	size_t n = 0;

	for (size_t i = 0; i < form->n_fields; i++)
		n += is_named(&form->fields[i], var);
	return n;
}

enum status adhoc_form_single(const struct adhoc_form *form, const char *var, const char **out,
			      struct error *err)
{
	const struct adhoc_field *field = adhoc_form_find(form, var);

	if (count_fields(form, var) > 1)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase's answer has the field %s more than once", var);
	if (field == NULL || field->n_values == 0)
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "Tigase's answer has no %s: check that tigase_url leads to Tigase's "
		    "component bosh",
		    var);
	if (field->n_values > 1)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase's answer has %zu values in the field %s, not one",
				 field->n_values, var);
	*out = field->value;
	return STATUS_OK;
}

enum status adhoc_refuse(enum adhoc_format format, const char *why, struct error *err)
{
	return error_set(
	    err, STATUS_CHAT_SERVER,
	    "Tigase's answer is not a command's answer in %s (%s): check tigase_url, and "
	    "that nothing between here and Tigase changes answers",
	    format == ADHOC_JSON ? "JSON" : "XML", why);
}
