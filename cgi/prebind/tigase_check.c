/*
 * Checks Tigase for `prebindctl check`. The list of commands proves only that the address is right,
 * because Tigase shows every command to every account, even with an access list. So this file also
 * calls the commands. An account that is allowed to use a command gets its empty form. Any other
 * account gets status 404.
 */
#include "prebind/tigase.h"

#include <string.h>

/*
 * Checks that the list of commands has the command that we use. For a GET the server chooses the
 * format, so the content type of the answer decides how the list is read.
 */
static enum status list_check(const struct tigase *tigase, struct prebind_call *call,
			      struct error *said)
{
	struct tigase_exchange exchange;
	enum adhoc_format format;
	enum status status;

	tigase_exchange_init(&exchange);
	status = tigase_ask(tigase, call, &exchange, said);
	format = strcasestr(exchange.http.content_type, "/json") != NULL ? ADHOC_JSON : ADHOC_XML;
	if (status == STATUS_OK && !adhoc_list_has_command(format, &exchange.answer))
		status = error_set(said, STATUS_CHAT_SERVER,
				   "the server at tigase_url does not offer %s to %s: check the "
				   "address, and that this account administers the virtual host",
				   ADHOC_NODE, tigase->conf->tigase_user);
	tigase_exchange_clear(&exchange);
	return status;
}

/*
 * Checks that our account is allowed to call the command. The call omits the field `from`, so no
 * session is bound.
 */
static enum status bind_right_check(const struct tigase *tigase, struct prebind_call *call,
				    struct error *said)
{
	const struct adhoc_bind bind = {.hold = tigase->conf->hold, .wait = tigase->conf->wait};
	struct tigase_exchange exchange;
	enum status status;

	tigase_exchange_init(&exchange);
	adhoc_bind_write(&exchange.body, tigase->format, &bind);
	status = tigase_ask(tigase, call, &exchange, said);
	if (exchange.http.status == 404)
		status = error_set(
		    said, STATUS_CHAT_SERVER,
		    "Tigase lists the command %s, but does not allow %s to use it (HTTP 404): make "
		    "this account (key tigase_user) an administrator of the virtual host, and "
		    "allow the command in `commands` of Tigase's component bosh",
		    ADHOC_NODE, tigase->conf->tigase_user);
	else if (status == STATUS_OK &&
		 !adhoc_answer_is_form(tigase->format, &exchange.answer, ADHOC_NODE))
		status = error_set(
		    said, STATUS_CHAT_SERVER,
		    "Tigase's answer to the command %s is not the command's form: check "
		    "tigase_format, and check that tigase_url is the address of the component bosh",
		    ADHOC_NODE);
	tigase_exchange_clear(&exchange);
	return status;
}

/* Checks that our account is allowed to call add-user, if the site creates accounts. */
static enum status add_user_check(const struct tigase *tigase, struct prebind_call *call,
				  struct error *said)
{
	struct tigase_exchange exchange;
	enum status status;

	if (tigase->conf->provision != PROVISION_TIGASE)
		return STATUS_OK;
	call->blame = "provision";
	tigase_exchange_init(&exchange);
	adhoc_request_write(&exchange.body, tigase->format, ADHOC_ADD_USER_NODE, NULL, 0);
	status = tigase_ask_sess_man(tigase, call, &exchange, said);
	if (status == STATUS_OK &&
	    !adhoc_answer_is_form(tigase->format, &exchange.answer, ADHOC_ADD_USER_NODE))
		status = error_set(said, STATUS_CHAT_SERVER,
				   "Tigase's " ADHOC_ADD_USER_COMPONENT
				   " does not offer %s the command add-user, which provision = "
				   "tigase needs: see Tigase's log",
				   tigase->conf->tigase_user);
	tigase_exchange_clear(&exchange);
	return status;
}

enum status tigase_check(void *state, struct prebind_call *call, struct error *said)
{
	const struct tigase *tigase = state;
	enum status status = list_check(tigase, call, said);

	if (status == STATUS_OK)
		status = bind_right_check(tigase, call, said);
	if (status == STATUS_OK)
		status = add_user_check(tigase, call, said);
	if (status == STATUS_OK)
		error_set(said, STATUS_OK,
			  "Tigase answers at tigase_url and offers %s to %s. Only prebindctl check "
			  "--deep shows whether this account may use the command for the users of "
			  "this domain",
			  ADHOC_NODE, tigase->conf->tigase_user);
	return status;
}
