/*
 * The form inside an answer: a list of fields, found by their `var`. Its order and labels carry no
 * meaning: both changed between Tigase's versions.
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "xmpp/adhoc_form.h"

void adhoc_form_clear(struct adhoc_form *form)
{
	struct adhoc_field *field = form->fields;

	while (field != NULL) {
		struct adhoc_field *next = field->next;

		free(field->var);
		secret_free(field->value); /* a sid, perhaps */
		free(field);
		field = next;
	}
	free(form->node);
	free(form->note);
	*form = (struct adhoc_form){0};
}

struct adhoc_field *adhoc_form_add(struct adhoc_form *form, const char *var)
{
	struct adhoc_field *field = calloc(1, sizeof *field);

	if (field == NULL)
		return NULL;
	field->var = strdup(var);
	field->value = strdup("");
	field->next = form->fields;
	form->fields = field; /* linked in any case: the form frees it */
	return field->var != NULL && field->value != NULL ? field : NULL;
}

/* The five named entities, once; what only looks like one stays as it is. */
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

bool adhoc_field_add_value(struct adhoc_field *field, const char *text)
{
	struct strbuf joined;
	char *value;

	if (text[0] == '\0')
		return true;
	strbuf_init_secret(&joined);
	if (field->n_values > 0) {
		strbuf_adds(&joined, field->value);
		strbuf_adds(&joined, ", ");
	}
	unescape(&joined, text);
	value = strbuf_take(&joined);
	strbuf_clear(&joined);
	if (value == NULL)
		return false;
	secret_free(field->value);
	field->value = value;
	field->n_values++;
	return true;
}

const struct adhoc_field *adhoc_form_find(const struct adhoc_form *form, const char *var)
{
	const struct adhoc_field *field = form->fields;

	while (field != NULL && strcmp(field->var, var) != 0)
		field = field->next;
	return field;
}

const char *adhoc_form_value(const struct adhoc_form *form, const char *var)
{
	const struct adhoc_field *field = adhoc_form_find(form, var);

	return field != NULL ? field->value : NULL;
}

static size_t count_fields(const struct adhoc_form *form, const char *var)
{
	size_t n = 0;

	for (const struct adhoc_field *field = form->fields; field != NULL; field = field->next)
		n += strcmp(field->var, var) == 0;
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
