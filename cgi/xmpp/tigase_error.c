/*
 * Explains Tigase's errors, and what to do next. Tigase answers most errors with HTTP 200 and a
 * form. The only sign of the error is then the words in a field of the form, such as "Error" or
 * "Note".
 */
#include "xmpp/tigase_error.h"

#include <string.h>

#include "xmpp/adhoc_add_user.h"

/* ---- an HTTP status other than 200 ---- */

static const char *http_meaning(int http_status)
{
	switch (http_status) {
	case 401:
		return "wrong credentials: tigase_user must be the administrator's bare JID, and "
		       "tigase_password_file must contain the administrator's password";
	case 403:
		return "the API key is missing, wrong or not for this path: check "
		       "tigase_api_key_file";
	case 404:
		return "the component or command does not exist, or tigase_user may not use it: "
		       "check that tigase_url ends in /rest/adhoc/bosh@DOMAIN, and that "
		       "tigase_user administers that domain";
	case 405:
		return "no component accepts commands at this path: check that tigase_url ends in "
		       "/rest/adhoc/bosh@DOMAIN";
	case 500:
		return "Tigase could not read the request (or, with Jetty, took more than 30 s): "
		       "check that no proxy changes the requests, then check tigase_format and "
		       "Tigase's log";
	case 502:
	case 503:
		return "Tigase is starting, or a proxy cannot reach Tigase: check that Tigase is "
		       "running";
	case 504:
		return "the component did not answer in time: check that the component is running, "
		       "and that tigase_url ends in bosh@DOMAIN";
	default:
		break;
	}
	if (http_status >= 300 && http_status <= 399)
		return "prebind does not follow redirects: check the path in tigase_url and the "
		       "key in "
		       "tigase_api_key_file";
	return "Tigase does not send this status: check tigase_url";
}

enum status tigase_http_error(int http_status, struct error *err)
{
	return error_set(err, http_status == 504 ? STATUS_CHAT_TIMEOUT : STATUS_CHAT_SERVER,
			 "Tigase answers HTTP %d: %s", http_status, http_meaning(http_status));
}

/* ---- the form of pre-bind-bosh-session, without a session ---- */

static enum status refuse_bind(const char *before, const char *said, const char *next_step,
			       struct error *err)
{
	return error_set(err, STATUS_CHAT_SERVER, "%s (\"%.*s\"): %s", before, ADHOC_QUOTE_MAX,
			 said, next_step);
}

bool tigase_bind_failed(const struct adhoc_form *form)
{
	const char *note = adhoc_form_value(form, "Note");

	return adhoc_form_value(form, "Error message") != NULL ||
	       (note != NULL && strstr(note, "execution error") != NULL);
}

enum status tigase_bind_check(const struct adhoc_form *form, struct error *err)
{
	const char *error = adhoc_form_value(form, "Error");
	const char *message = adhoc_form_value(form, "Error message");
	const char *note = adhoc_form_value(form, "Note");
	const char *result = adhoc_form_value(form, "Script result");

	if (form->node == NULL || strcmp(form->node, ADHOC_NODE) != 0)
		return refuse_bind(
		    "Tigase's answer is for another command", form->node != NULL ? form->node : "",
		    "check that tigase_url is the address of Tigase's component bosh", err);
	if (error != NULL)
		return refuse_bind("Tigase refuses the session", error,
				   "check that the JID's domain is a virtual host of Tigase, and "
				   "that tigase_user administers it",
				   err);
	if (tigase_bind_failed(form))
		return refuse_bind("Tigase's command failed", message != NULL ? message : note,
				   "see the exception in Tigase's log", err);
	if (form->note != NULL)
		return refuse_bind("Tigase's command ended with an error note", form->note,
				   "see Tigase's log", err);
	if (result != NULL)
		return refuse_bind("Tigase regards the JID as invalid and made no session", result,
				   "check the key jid, and the user's JID with prebindctl map list",
				   err);
	if (adhoc_form_find(form, "sid") == NULL && adhoc_form_find(form, "FORM_TYPE") != NULL)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase returned the command's empty form, because the JID did "
				 "not reach Tigase: check that no proxy changes the requests");
	return STATUS_OK;
}

/* ---- the form of add-user ---- */

static enum status refuse_account(const char *said, const char *next, struct error *err)
{
	return error_set(err, STATUS_CHAT_SERVER, "Tigase did not add the account (\"%.*s\"): %s",
			 ADHOC_QUOTE_MAX, said, next);
}

enum status tigase_add_user_check(const struct adhoc_form *form, bool *existed, struct error *err)
{
	const char *error = adhoc_form_value(form, "Error");
	const char *note = adhoc_form_value(form, "Note");

	if (form->node == NULL || strcmp(form->node, ADHOC_ADD_USER_NODE) != 0)
		return refuse_account(form->node != NULL ? form->node : "no command",
				      "the answer of " ADHOC_ADD_USER_COMPONENT
				      "@ is not from the command add-user",
				      err);
	if (error != NULL || form->note != NULL)
		return refuse_account(error != NULL ? error : form->note,
				      "tigase_user must administer the account's virtual host",
				      err);
	if (note == NULL)
		return refuse_account(
		    "no note", "Tigase might have returned the empty form: see Tigase's log", err);
	*existed = strstr(note, "already exists") != NULL;
	if (*existed || strcmp(note, "Operation successful") == 0)
		return STATUS_OK;
	return refuse_account(note, "see Tigase's log", err);
}
