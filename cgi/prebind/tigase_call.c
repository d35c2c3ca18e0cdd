/*
 * Calls one ad-hoc command of Tigase, at the component of tigase_url or at the component that adds
 * users. The callers write the command and read the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "prebind/tigase.h"
#include "xmpp/tigase_error.h"

#define ADD_USER_ACL                                                                               \
	"'" ADHOC_ADD_USER_COMPONENT "' () { commands { '" ADHOC_ADD_USER_NODE                     \
	"' = 'DOMAIN_ADMIN' } }"

const char *tigase_component_of(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash != NULL ? slash + 1 : url;
}

static enum upstream_outcome outcome_of(enum status status, const struct http_answer *answer)
{
	if (status != STATUS_OK)
		return prebind_reach_outcome(answer->reach);
	if (answer->status == 200)
		return OUTCOME_OK;
	return answer->status == 401 || answer->status == 403 ? OUTCOME_REFUSED : OUTCOME_FAILED;
}

static enum status send_call(const struct prebind_call *call, const struct http_call *http_call,
			     struct http_answer *answer, struct error *err)
{
	struct http_connection *connection = http_connection_borrow(call->http);
	enum status status;

	if (connection == NULL)
		return error_no_memory(err);
	status = http_connection_call(connection, http_call, answer, err);
	http_connection_return(call->http, connection);
	return status;
}

void tigase_exchange_init(struct tigase_exchange *exchange)
{
	*exchange = (struct tigase_exchange){0};
	strbuf_init_secret(&exchange->body); /* the command add-user contains a password */
	http_answer_init(&exchange->http);
}

void tigase_exchange_clear(struct tigase_exchange *exchange)
{
	strbuf_clear(&exchange->body);
	http_answer_clear(&exchange->http);
}

/* Sends the body to url. */
static enum status post_to(const struct tigase *tigase, struct prebind_call *call, const char *url,
			   struct tigase_exchange *exchange, struct error *err)
{
	const struct strbuf *body = &exchange->body;
	const struct http_call http_call = {
	    .url = url,
	    .body = body->len ? body->data : NULL,
	    .body_len = body->len,
	    .content_type = body->len ? adhoc_content_type(tigase->format) : NULL,
	    .user = tigase->conf->tigase_user,
	    .password = tigase->password.data,
	    .header = tigase->api_header.len ? tigase->api_header.data : NULL,
	    .deadline_ms = call->deadline_ms,
	};

	return send_call(call, &http_call, &exchange->http, err);
}

enum status tigase_ask(const struct tigase *tigase, struct prebind_call *call,
		       struct tigase_exchange *exchange, struct error *err)
{
	const struct http_answer *http = &exchange->http;
	struct strbuf url;
	enum status status;

	strbuf_init_secret(&url); /* the URL can contain the API key */
	strbuf_adds(&url, call->url);
	strbuf_add(&url, tigase->api_query.data, tigase->api_query.len);
	status = strbuf_ok(&url) && strbuf_ok(&exchange->body) ? STATUS_OK : error_no_memory(err);
	if (status == STATUS_OK) {
		status = post_to(tigase, call, url.data, exchange, err);
		call->outcome = outcome_of(status, http);
	}
	strbuf_clear(&url);
	if (status == STATUS_OK && http->status != 200)
		status = tigase_http_error(http->status, err);
	exchange->answer = (struct adhoc_answer){
	    .data = http->body.data,
	    .len = http->body.len,
	    .content_type = http->content_type[0] ? http->content_type : NULL,
	};
	return status;
}

/*
 * Returns the URL with its component replaced by another component of the same domain. The caller
 * frees the result.
 */
static char *component_url(const char *url, const char *component)
{
	const char *own = tigase_component_of(url);
	struct strbuf text;

	strbuf_init(&text);
	strbuf_add(&text, url, (size_t)(own - url));
	strbuf_adds(&text, component);
	strbuf_adds(&text, strchr(own, '@')); /* url_check has ensured that there is an '@' */
	char *taken = strbuf_take(&text);
	strbuf_clear(&text);
	return taken;
}

/*
 * Sets the error if the component sess-man refuses the command. The error names sess-man, because
 * tigase_url has another component.
 */
static enum status add_user_refused(const struct tigase *tigase, const struct prebind_call *call,
				    int http_status, const struct error *why, struct error *err)
{
	const char *component = tigase_component_of(call->url);

	if (http_status != 404)
		return error_set(err, why->status,
				 "provision = tigase requires the command add-user at %s: %s",
				 component, why->text);
	return error_set(err, STATUS_CHAT_SERVER,
			 "Tigase does not allow %s to use the command add-user at %s (HTTP 404), "
			 "which the key provision requires: set " ADD_USER_ACL
			 " in Tigase's configuration and restart Tigase",
			 tigase->conf->tigase_user, component);
}

enum status tigase_ask_sess_man(const struct tigase *tigase, struct prebind_call *call,
				struct tigase_exchange *exchange, struct error *err)
{
	const char *own = call->url;
	char *url = component_url(own, ADHOC_ADD_USER_COMPONENT);
	struct error why = {0};
	enum status status;

	if (url == NULL)
		return error_no_memory(err);
	call->url = url;
	status = tigase_ask(tigase, call, exchange, &why);
	if (status != STATUS_OK)
		status = add_user_refused(tigase, call, (int)exchange->http.status, &why, err);
	if (exchange->http.status == 404)
		call->outcome = OUTCOME_NONE; /* users who have an account can still log in */
	call->url = own;
	free(url);
	return status;
}
