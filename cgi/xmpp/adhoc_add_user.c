/*
 * Tigase's answer has no status code, only words in a field "Note" or "Error". Two notes mean that
 * the account exists; everything else is a refusal.
 */
#include "xmpp/adhoc_add_user.h"

#include <string.h>

#define NODE ADHOC_ADD_USER_NODE

void adhoc_add_user_write(struct strbuf *out, enum adhoc_format format, const char *jid,
			  const char *password)
{
	/*
	 * Tigase returns the empty form if there is no e-mail address. So the JID is sent as the
	 * address, because it has the required form.
	 */
	struct adhoc_field fields[] = {
	    ADHOC_FIELD("accountjid", jid),
	    ADHOC_FIELD("password", password),
	    ADHOC_FIELD("password-verify", password),
	    ADHOC_FIELD("email", jid),
	};

	adhoc_request_write(out, format, NODE, fields, sizeof(fields) / sizeof(fields[0]));
}

static enum status refuse(const char *said, const char *next, struct error *err)
{
	return error_set(err, STATUS_CHAT_SERVER, "Tigase did not add the account (\"%.*s\"): %s",
			 ADHOC_QUOTE_MAX, said, next);
}

static enum status form_judge(const struct adhoc_form *form, bool *existed, struct error *err)
{
	const char *error = adhoc_form_value(form, "Error");
	const char *note = adhoc_form_value(form, "Note");

	if (form->node == NULL || strcmp(form->node, NODE) != 0)
		return refuse(form->node != NULL ? form->node : "no command",
			      "the answer at " ADHOC_ADD_USER_COMPONENT
			      "@ is not from its command add-user",
			      err);
	if (error != NULL || form->note != NULL)
		return refuse(error != NULL ? error : form->note,
			      "tigase_user must administer the account's virtual host", err);
	if (note == NULL)
		return refuse("no note", "it may have returned the empty form: see its log", err);
	*existed = strstr(note, "already exists") != NULL;
	if (*existed || strcmp(note, "Operation successful") == 0)
		return STATUS_OK;
	return refuse(note, "see its log", err);
}

enum status adhoc_add_user_read(enum adhoc_format format, const struct adhoc_answer *answer,
				bool *existed, struct error *err)
{
	struct adhoc_form form = {0};
	enum status status = adhoc_answer_read(format, answer, &form, err);

	if (status != STATUS_OK)
		return status;
	status = form_judge(&form, existed, err);
	adhoc_form_clear(&form);
	return status;
}
