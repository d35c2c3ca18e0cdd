/*
 * The parts that all commands of Tigase have in common: the request, the form in the answer, and
 * the content type of the HTTP answer. tigase_error.c makes the error text if an answer has an
 * error.
 */
#include <string.h>
#include <strings.h>

#include "xmpp/adhoc_client.h"

#define REQUEST_MAX  4096 /* bytes of a body; enough for a JID of the maximum size */
#define REQUEST_ROOM 512  /* bytes reserved at first; most requests are shorter */

/* ---- the request ---- */

void adhoc_request_write(struct strbuf *out, enum adhoc_format format, const char *node,
			 struct adhoc_field *fields, size_t n_fields)
{
	const struct adhoc_form form = {.node = node, .fields = fields, .n_fields = n_fields};
	size_t max = out->max;

	if (max == 0 || max - out->len > REQUEST_MAX)
		out->max = out->len + REQUEST_MAX;
	strbuf_reserve(out, REQUEST_ROOM);
	adhoc_form_write(out, format, ADHOC_COMPACT, &form);
	out->max = max;
}

/* ---- the content type of an answer ---- */

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* Moves *text past leading spaces and tabs. Returns the length of the trimmed text. */
static size_t trim(const char **text, size_t len)
{
	while (len > 0 && ((*text)[0] == ' ' || (*text)[0] == '\t')) {
		(*text)++;
		len--;
	}
	while (len > 0 && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
		len--;
	return len;
}

/*
 * Reads one parameter of a content type. If the parameter is the charset, sets *encoding. Returns
 * false if the charset is not supported or occurs twice.
 */
static bool parameter_read(enum adhoc_format format, const char *text, size_t len,
			   const char **encoding)
{
	static const char key[] = "charset=";
	const size_t n = sizeof(key) - 1;

	len = trim(&text, len);
	if (len < n || strncasecmp(text, key, n) != 0)
		return true;
	text += n;
	len -= n;
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	if (*encoding != NULL)
		return false;
	if (is_word(text, len, "utf-8"))
		*encoding = "UTF-8";
	else if (is_word(text, len, "iso-8859-1") && format == ADHOC_XML)
		*encoding = "ISO-8859-1";
	return *encoding != NULL;
}

static bool is_media_type(enum adhoc_format format, const char *text, size_t len)
{
	if (format == ADHOC_JSON)
		return is_word(text, len, "application/json");
	return is_word(text, len, "application/xml") || is_word(text, len, "text/xml");
}

/*
 * Returns false if the type is not the content type of `format`, or if the charset is not
 * supported. JSON supports UTF-8; XML supports UTF-8 and ISO-8859-1. Sets *encoding for xml_parse,
 * or to NULL if the type has no charset.
 */
static bool content_type_read(enum adhoc_format format, const char *type, const char **encoding)
{
	const char *name = type;
	size_t len;

	*encoding = NULL;
	if (type == NULL)
		return false;
	len = strcspn(type, ";");
	type += len;
	len = trim(&name, len);
	if (!is_media_type(format, name, len))
		return false;
	for (; *type == ';'; type += len) {
		type++;
		len = strcspn(type, ";");
		if (!parameter_read(format, type, len, encoding))
			return false;
	}
	return true;
}

/* ---- the form in an answer ---- */

enum status adhoc_answer_read(enum adhoc_format format, const struct adhoc_answer *answer,
			      struct adhoc_form *out, struct error *err)
{
	struct adhoc_text text = {.data = answer->data, .len = answer->len};
	struct error why = {0};
	enum status status;

	if (!content_type_read(format, answer->content_type, &text.encoding))
		return error_set(err, STATUS_CHAT_SERVER,
				 "the content type of Tigase's answer (\"%.*s\") is not the "
				 "content type of the request: check tigase_url and tigase_format",
				 ADHOC_QUOTE_MAX,
				 answer->content_type != NULL ? answer->content_type : "");
	status = adhoc_form_read(format, ADHOC_STRICT, &text, out, &why);
	if (status == STATUS_OK)
		return STATUS_OK;
	if (status != STATUS_BAD_REQUEST)
		return error_set(err, status, "%s", why.text);
	return error_set(err, STATUS_CHAT_SERVER,
			 "Tigase's answer is not the result of a command in %s (%s): check "
			 "tigase_url, and check that no proxy changes the answers",
			 format == ADHOC_JSON ? "JSON" : "XML", why.text);
}

bool adhoc_answer_is_form(enum adhoc_format format, const struct adhoc_answer *answer,
			  const char *node)
{
	struct adhoc_form form = {0};
	bool is_form;

	if (adhoc_answer_read(format, answer, &form, NULL) != STATUS_OK)
		return false;
	is_form =
	    form.node != NULL && strcmp(form.node, node) == 0 && form.note == NULL &&
	    adhoc_form_find(&form, "FORM_TYPE") != NULL && adhoc_form_find(&form, "sid") == NULL &&
	    adhoc_form_value(&form, "Error") == NULL && adhoc_form_value(&form, "Note") == NULL;
	adhoc_form_clear(&form);
	return is_form;
}

bool adhoc_list_has_command(enum adhoc_format format, const struct adhoc_answer *answer)
{
	struct adhoc_text text = {.data = answer->data, .len = answer->len};

	return content_type_read(format, answer->content_type, &text.encoding) &&
	       adhoc_items_name(format, &text, ADHOC_NODE);
}
