/*
 * Writes the request of add-user and reads the form in the answer. tigase_error.c decides whether
 * the form reports an error.
 */
#include "xmpp/adhoc_add_user.h"
#include "xmpp/tigase_error.h"

void adhoc_add_user_write(struct strbuf *out, enum adhoc_format format, const char *jid,
			  const char *password)
{
	/*
	 * The JID is sent as the e-mail address. Without an e-mail address Tigase returns the empty
	 * form, and a JID has the form that Tigase requires of an e-mail address.
	 */
	struct adhoc_field fields[] = {
	    ADHOC_FIELD("accountjid", jid),
	    ADHOC_FIELD("password", password),
	    ADHOC_FIELD("password-verify", password),
	    ADHOC_FIELD("email", jid),
	};

	adhoc_request_write(out, format, ADHOC_ADD_USER_NODE, fields,
			    sizeof(fields) / sizeof(fields[0]));
}

enum status adhoc_add_user_read(enum adhoc_format format, const struct adhoc_answer *answer,
				bool *existed, struct error *err)
{
	struct adhoc_form form = {0};
	enum status status = adhoc_answer_read(format, answer, &form, err);

	if (status != STATUS_OK)
		return status;
	status = tigase_add_user_check(&form, existed, err);
	adhoc_form_clear(&form);
	return status;
}
