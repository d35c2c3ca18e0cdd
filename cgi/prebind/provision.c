/*
 * Who is noted as made is not asked for again. What is noted first, is the password: one that comes
 * after a crash uses the same one. Of several that come at the same moment one asks, in whichever
 * process.
 */
#include "prebind/provision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/provisioned.h"

#define PASSWORD_BYTES 24 /* random; nobody types it in */
#define PAUSE_MS       20 /* between two looks whether another one is done: it takes about that long */

struct provision {
	const struct site_conf *conf;
	struct store *store;
	void *backend_state;
	struct strbuf secret; /* of provision_user */
};

/* ---- ejabberd: POST /api/register ---- */

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

/* What is not 200 and not "there already", 409. */
static enum status refuse_http(const struct provision *provision, int http_status,
			       struct error *err)
{
	const char *advice = "see its log";

	if (http_status == 401)
		advice = "check provision_user and provision_password_file";
	else if (http_status == 403)
		advice = "its api_permissions must allow us register";
	else if (http_status == 404)
		advice = "its request_handlers must have mod_http_api at that path";
	else if (http_status == 400)
		advice = "is the account's domain one of its hosts?";
	return error_set(err, STATUS_CHAT_SERVER, "provision_url %s answers %d: %s",
			 provision->conf->provision_url, http_status, advice);
}

static enum status post(const struct provision *provision, struct prebind_call *call,
			const struct strbuf *body, struct http_answer *answer, struct error *err)
{
	bool basic = provision->conf->provision_user[0] != '\0';
	const struct http_call request = {
	    .url = provision->conf->provision_url,
	    .body = body->data,
	    .body_len = body->len,
	    .content_type = "application/json",
	    .accept = "application/json",
	    .user = basic ? provision->conf->provision_user : NULL,
	    .password = basic ? provision->secret.data : NULL,
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

static enum status ejabberd_create(void *state, struct prebind_call *call, const char *password,
				   bool *existed, struct error *err)
{
	const struct provision *provision = state;
	struct http_answer answer;
	struct strbuf body;

	http_answer_init(&answer);
	strbuf_init_secret(&body);
	request_write(call->jid, password, &body);
	enum status status = post(provision, call, &body, &answer, err);
	if (status == STATUS_OK && answer.status != 200 && answer.status != 409)
		status = refuse_http(provision, answer.status, err);
	*existed = answer.status == 409;
	strbuf_clear(&body);
	http_answer_clear(&answer);
	return status;
}

/* ---- making one ---- */

/* Needed once more only where we log in with it ourselves. */
static bool keeps_password(const struct site_conf *conf)
{
	return conf->backend == BACKEND_BOSH && conf->bosh_auth == BOSH_AUTH_PASSWORD;
}

static enum status ask_server(const struct provision *provision, struct prebind_call *call,
			      const char *password, bool *existed, struct error *err)
{
	return provision->conf->provision == PROVISION_TIGASE
		   ? tigase_add_user(provision->backend_state, call, password, existed, err)
		   : ejabberd_create((void *)provision, call, password, existed, err);
}

static void log_made(const struct provision *provision, const struct jid *jid, bool existed)
{
	char *text = jid_bare_text(jid);

	log_event(LOG_LEVEL_INFO, "account_made", "site", provision->conf->name, "jid", text,
		  "existed", existed ? "yes" : "no", NULL);
	free(text);
}

/* The caller is the one to ask. */
static enum status make(const struct provision *provision, struct prebind_call *call,
			const struct provisioned_new *what, struct error *err)
{
	struct error ignored;
	bool existed = false;
	enum status status = ask_server(provision, call, what->xmpp_password, &existed, err);

	if (status != STATUS_OK) {
		provisioned_end(provision->store, what, false, &ignored);
		return status;
	}
	status = provisioned_end(provision->store, what, true, err);
	if (status == STATUS_OK)
		log_made(provision, call->jid, existed);
	return status;
}

/* One look, and what is to be done after it. *done: the account is there. */
static enum status try_once(const struct provision *provision, struct prebind_call *call,
			    const char *password, bool *done, struct error *err)
{
	struct provisioned_new what = {
	    .localpart = call->jid->localpart,
	    .domain = call->jid->domain,
	    .xmpp_password = keeps_password(provision->conf) ? password : NULL,
	};
	struct provisioned noted = {0};
	bool mine = false;
	enum status status = provisioned_begin(provision->store, &what, &noted, &mine, err);

	if (status == STATUS_OK && mine) {
		what.xmpp_password = noted.xmpp_password != NULL ? noted.xmpp_password : password;
		status = make(provision, call, &what, err);
		noted.done = status == STATUS_OK;
	}
	*done = noted.done;
	provisioned_clear(&noted);
	return status;
}

/* Where another one is at it, it is waited for: another page of the same user's. */
static enum status make_or_wait(const struct provision *provision, struct prebind_call *call,
				struct error *err)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	char password[2 * PASSWORD_BYTES + 1];
	enum status status;
	bool done = false;

	secret_random_hex(password, PASSWORD_BYTES);
	for (;;) {
		status = try_once(provision, call, password, &done, err);
		if (status != STATUS_OK || done)
			break;
		if (clock_left_ms(call->deadline_ms) <= PAUSE_MS) {
			status = error_set(err, STATUS_BUSY,
					   "another request is still making the account %s@%s",
					   call->jid->localpart, call->jid->domain);
			break;
		}
		nanosleep(&pause, NULL);
	}
	secret_wipe(password, sizeof(password));
	return status;
}

enum status provision_ensure(struct provision *provision, struct prebind_call *call,
			     struct error *err)
{
	struct provisioned noted = {0};

	if (provision == NULL)
		return STATUS_OK;
	enum status status = provisioned_find(provision->store, call->jid->localpart,
					      call->jid->domain, &noted, err);
	bool done = status == STATUS_OK && noted.done;
	provisioned_clear(&noted);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	return done ? STATUS_OK : make_or_wait(provision, call, err);
}

/* ---- open, close ---- */

void provision_free(struct provision *provision)
{
	if (provision == NULL)
		return;
	strbuf_clear(&provision->secret);
	free(provision);
}

static enum status conf_take(struct provision *provision, struct error *err)
{
	const struct site_conf *conf = provision->conf;
	struct error why = {0};

	if (conf->provision != PROVISION_EJABBERD)
		return STATUS_OK;
	if (!http_url_is_private(conf->provision_url) && !conf->upstream_http)
		return error_set(err, STATUS_UNAVAILABLE,
				 "provision_url: neither https nor on loopback: whoever reads "
				 "along has the passwords of new accounts");
	if (conf->provision_password_file[0] != '\0' &&
	    secret_file_read(conf->provision_password_file, &provision->secret, &why) != STATUS_OK)
		return prebind_key_error("provision_password_file", &why, err);
	return STATUS_OK;
}

enum status provision_new(const struct site_conf *conf, struct store *store, void *backend_state,
			  struct provision **out, struct error *err)
{
	struct provision *provision;

	*out = NULL;
	if (conf->provision == PROVISION_NO || conf->provision == PROVISION_PROSODY_TOKEN)
		return STATUS_OK;
	provision = calloc(1, sizeof(*provision));
	if (provision == NULL)
		return error_no_memory(err);
	provision->conf = conf;
	provision->store = store;
	provision->backend_state = backend_state;
	strbuf_init_secret(&provision->secret);
	enum status status = conf_take(provision, err);
	if (status == STATUS_OK)
		*out = provision;
	else
		provision_free(provision);
	return status;
}
