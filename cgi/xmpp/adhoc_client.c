/*
 * Checks what HTTP says about an answer of Tigase: its content type, and a status other than 200.
 */
#include <string.h>
#include <strings.h>

#include "xmpp/adhoc_form.h"

/* ---- content type ---- */

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* Moves *text past leading blanks and returns the length without blanks at either end. */
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

/* Reads one parameter. A charset sets *encoding; an unsupported or repeated one returns false. */
static bool parameter_read(enum adhoc_format format, const char *text, size_t len,
			   const char **encoding)
{
	static const char key[] = "charset=";
	const size_t n = sizeof key - 1;

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

bool adhoc_content_type_read(enum adhoc_format format, const char *type, const char **encoding)
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

/* ---- status ---- */

static const char *http_meaning(int http_status)
{
	switch (http_status) {
	case 401:
		return "wrong credentials: tigase_user must be the administrator's bare JID, and "
		       "tigase_password_file hold its password";
	case 403:
		return "the API key is missing, wrong or not for this path: check "
		       "tigase_api_key_file";
	case 404:
		return "the component or command is not there, or tigase_user may not use it: "
		       "check "
		       "that tigase_url ends in /rest/adhoc/bosh@DOMAIN, and that tigase_user "
		       "administers that domain";
	case 405:
		return "nothing takes commands at this path: check that tigase_url ends in "
		       "/rest/adhoc/bosh@DOMAIN";
	case 500:
		return "it could not read the request (or, behind Jetty, took over 30s): check "
		       "that "
		       "nothing in between changes requests, then tigase_format and Tigase's log";
	case 502:
	case 503:
		return "a proxy stands before it, or it is starting up: check that Tigase runs";
	case 504:
		return "the component gave no answer in time: check that it runs, and that "
		       "tigase_url names bosh@DOMAIN";
	default:
		break;
	}
	if (http_status >= 300 && http_status <= 399)
		return "a redirect, which is never followed: check the path of tigase_url, and "
		       "tigase_api_key_file";
	return "an answer that Tigase does not give: check tigase_url";
}

enum status adhoc_http_error(int http_status, struct error *err)
{
	return error_set(err, http_status == 504 ? STATUS_CHAT_TIMEOUT : STATUS_CHAT_SERVER,
			 "Tigase answers HTTP %d: %s", http_status, http_meaning(http_status));
}
