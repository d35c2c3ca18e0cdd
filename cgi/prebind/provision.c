/*
 * Creates each account only once. The database records which accounts exist. The password is
 * recorded before the server is asked, so a request after a crash uses the same password. If
 * several requests need an account at the same time, only one of them asks the server, even if the
 * requests are in different processes.
 */
#include "prebind/provision.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/blocking.h"
#include "store/provisioned.h"

#define PASSWORD_BYTES 24 /* random bytes; no person types this password */
#define PAUSE_MS       20 /* between two checks whether another request has made the account */

/* True if we create accounts. With prosody_token, the server's own module creates them. */
static bool creates_accounts(const struct site_conf *conf)
{
	return conf->provision == PROVISION_TIGASE || conf->provision == PROVISION_EJABBERD;
}

/* True if the password must be stored, because we log in with it ourselves later. */
static bool keeps_password(const struct site_conf *conf)
{
	return conf->backend == BACKEND_BOSH && conf->bosh_auth == BOSH_AUTH_PASSWORD;
}

static void log_made(const struct provision *provision, const struct jid *jid, bool existed)
{
	char *text = jid_bare_text(jid);

	log_event(LOG_LEVEL_INFO, "account_made", "site", provision->conf->name, "jid", text,
		  "existed", existed ? "yes" : "no", NULL);
	free(text);
}

/*
 * Asks the server to create the account. Call this only if provisioned_begin has set *mine. After a
 * time-out the server might still be working. The lease is then not ended early, so that no other
 * request asks the server meanwhile.
 */
static enum status make(const struct provision *provision, struct prebind_call *call,
			const struct provisioned_new *what, struct error *err)
{
	struct error ignored;
	bool existed = false;
	enum status status = provision->backend->create_account(provision->backend_state, call,
								what->xmpp_password, &existed, err);

	if (status == STATUS_CHAT_TIMEOUT)
		return status;
	if (status != STATUS_OK) {
		provisioned_end(provision->store, what, false, &ignored);
		return status;
	}
	status = provisioned_end(provision->store, what, true, err);
	if (status == STATUS_OK)
		log_made(provision, call->jid, existed);
	return status;
}

/*
 * Checks once whether the account exists. If it does not exist and no other caller is creating it,
 * asks the server to create it. Sets *done to true if the account exists afterwards.
 */
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

/*
 * Creates the account, or waits while another request creates it, such as another page of the same
 * user.
 */
static enum status make_or_wait(const struct provision *provision, struct prebind_call *call,
				struct error *err)
{
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
		if (!blocking_sleep(PAUSE_MS)) {
			status = blocking_refused(err);
			break;
		}
	}
	secret_wipe(password, sizeof(password));
	return status;
}

enum status provision_ensure(const struct provision *provision, struct prebind_call *call,
			     struct error *err)
{
	struct provisioned noted = {0};

	if (!creates_accounts(provision->conf))
		return STATUS_OK;
	enum status status = provisioned_find(provision->store, call->jid->localpart,
					      call->jid->domain, &noted, err);
	bool done = status == STATUS_OK && noted.done;
	provisioned_clear(&noted);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	return done ? STATUS_OK : make_or_wait(provision, call, err);
}
