/*
 * The server is asked once for each account: the database notes which accounts were made. The
 * password is noted before the server is asked, so a request after a crash uses the same one. If
 * several requests come at once, one of them asks, in any process.
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
#include "prebind/ejabberd_api.h"
#include "store/provisioned.h"

#define PASSWORD_BYTES 24 /* random; nobody types it */
#define PAUSE_MS       20 /* between two checks if another request is done: the time it takes */

struct provision {
	const struct site_conf *conf;
	struct store *store;
	void *backend_state;
	struct ejabberd_api ejabberd;
};

/* ---- ejabberd: POST /api/register ---- */

static const struct ejabberd_api_words ejabberd_words = {
    .url_key = "provision_url",
    .user_key = "provision_user",
    .password_key = "provision_password_file",
    .risk = "whoever reads along has the passwords of new accounts",
    .command = "register",
    .bad_request = "is the account's domain one of its hosts?",
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

static enum status ejabberd_create(void *state, struct prebind_call *call, const char *password,
				   bool *existed, struct error *err)
{
	const struct provision *provision = state;
	struct http_answer answer;
	struct strbuf body;

	http_answer_init(&answer);
	strbuf_init_secret(&body);
	request_write(call->jid, password, &body);
	enum status status = ejabberd_api_post(&provision->ejabberd, call, &body, &answer, err);
	if (status == STATUS_OK && answer.status != 200 && answer.status != 409) /* it exists */
		status = ejabberd_api_refuse(&provision->ejabberd, answer.status, err);
	*existed = answer.status == 409;
	strbuf_clear(&body);
	http_answer_clear(&answer);
	return status;
}

/* ---- making one ---- */

/* The password is needed again only if we log in with it ourselves. */
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

/* Asks the server. Only the caller that provisioned_begin chose may call this. */
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

/* Checks once, and asks the server if it is this caller's turn. *done: the account exists. */
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

/* Waits while another request, such as another page of the same user, makes the account. */
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
	ejabberd_api_clear(&provision->ejabberd);
	free(provision);
}

enum status provision_new(const struct site_conf *conf, struct store *store, void *backend_state,
			  struct provision **out, struct error *err)
{
	struct provision *provision;
	enum status status = STATUS_OK;

	*out = NULL;
	if (conf->provision == PROVISION_NO || conf->provision == PROVISION_PROSODY_TOKEN)
		return STATUS_OK;
	provision = calloc(1, sizeof(*provision));
	if (provision == NULL)
		return error_no_memory(err);
	provision->conf = conf;
	provision->store = store;
	provision->backend_state = backend_state;
	provision->ejabberd = (struct ejabberd_api){
	    .words = &ejabberd_words,
	    .url = conf->provision_url,
	    .user = conf->provision_user,
	    .password_file = conf->provision_password_file,
	};
	if (conf->provision == PROVISION_EJABBERD)
		status = ejabberd_api_open(&provision->ejabberd, conf, err);
	if (status == STATUS_OK)
		*out = provision;
	else
		provision_free(provision);
	return status;
}
