/*
 * Creates accounts with ejabberd's command `register`: POST /api/register.
 */
#include "prebind/ejabberd_register.h"

#include "base/json.h"

static const struct ejabberd_api_words register_words = {
    .url_key = "provision_url",
    .user_key = "provision_user",
    .password_key = "provision_password_file",
    .risk = "anyone who reads the traffic learns the passwords of new accounts",
    .command = "register",
    .bad_request = "the account's domain must be one of ejabberd's hosts",
};

static void request_write(const struct jid *jid, const char *password, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "user", jid->localpart);
	json_put_string(&w, "host", jid->domain);
	json_put_string(&w, "password", password);
	json_close_object(&w);
}

enum status ejabberd_register_open(struct ejabberd_api *api, const struct site_conf *conf,
				   struct error *err)
{
	*api = (struct ejabberd_api){
	    .words = &register_words,
	    .url = conf->provision_url,
	    .user = conf->provision_user,
	    .password_file = conf->provision_password_file,
	};
	return ejabberd_api_open(api, conf, err);
}

enum status ejabberd_register(const struct ejabberd_api *api, struct prebind_call *call,
			      const char *password, bool *existed, struct error *err)
{
	struct http_answer answer;
	struct strbuf body;

	http_answer_init(&answer);
	strbuf_init_secret(&body);
	request_write(call->jid, password, &body);
	enum status status = ejabberd_api_post(api, call, &body, &answer, err);
	/* HTTP status 409 means that the account exists. */
	if (status == STATUS_OK && answer.status != 200 && answer.status != 409)
		status = ejabberd_api_refuse(api, answer.status, err);
	*existed = answer.status == 409;
	strbuf_clear(&body);
	http_answer_clear(&answer);
	return status;
}
