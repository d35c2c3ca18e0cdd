/*
 * Makes one POST on a borrowed connection. If ejabberd refuses, the error says what the operator
 * should do next.
 */
#include "prebind/ejabberd_api.h"

#include <stdio.h>

#include "base/secret.h"

enum status ejabberd_api_open(struct ejabberd_api *api, const struct site_conf *conf,
			      struct error *err)
{
	struct error why = {0};

	strbuf_init_secret(&api->password);
	if (!http_url_is_private(api->url) && !conf->upstream_http)
		return conf_fault(
		    err, STATUS_UNAVAILABLE, conf_site_place(conf, api->words->url_key),
		    "is neither an https address nor a loopback address: %s", api->words->risk);
	if (api->password_file[0] != '\0' &&
	    secret_file_read(api->password_file, &api->password, &why) != STATUS_OK)
		return prebind_key_error(conf, api->words->password_key, &why, err);
	return STATUS_OK;
}

void ejabberd_api_clear(struct ejabberd_api *api)
{
	strbuf_clear(&api->password);
}

enum status ejabberd_api_post(const struct ejabberd_api *api, struct prebind_call *call,
			      const struct strbuf *body, struct http_answer *answer,
			      struct error *err)
{
	bool basic = api->user[0] != '\0';
	const struct http_call request = {
	    .url = api->url,
	    .body = body->data,
	    .body_len = body->len,
	    .content_type = "application/json",
	    .accept = "application/json",
	    .user = basic ? api->user : NULL,
	    .password = basic ? api->password.data : NULL,
	    .deadline_ms = call->deadline_ms,
	};
	struct http_connection *connection = http_connection_borrow(call->http);
	enum status status;

	if (connection == NULL || !strbuf_ok(body))
		status = error_no_memory(err);
	else
		status = http_connection_call(connection, &request, answer, err);
	http_connection_return(call->http, connection);
	return status;
}

enum status ejabberd_api_refuse(const struct ejabberd_api *api, int http_status, struct error *err)
{
	const struct ejabberd_api_words *words = api->words;
	char advice[128] = "see ejabberd's log";

	if (http_status == 401)
		snprintf(advice, sizeof(advice), "check %s and %s", words->user_key,
			 words->password_key);
	else if (http_status == 403)
		snprintf(advice, sizeof(advice),
			 "ejabberd's api_permissions must allow the command %s for prebind",
			 words->command);
	else if (http_status == 404)
		snprintf(advice, sizeof(advice),
			 "ejabberd's request_handlers must have mod_http_api at that path");
	else if (http_status == 400)
		snprintf(advice, sizeof(advice), "%s", words->bad_request);
	return error_set(err, STATUS_CHAT_SERVER, "%s %s answers %d: %s", words->url_key, api->url,
			 http_status, advice);
}
