/*
 * bosh_auth = password: the account's XMPP password, kept in its row of the JID map.
 */
#include <string.h>

#include "prebind/bosh_auth.h"
#include "store/jid_map.h"

static enum status password_open(const struct site_conf *conf, struct store *store, void **state,
				 struct error *err)
{
	(void)conf;
	(void)err;
	*state = store; /* borrowed: there is nothing of its own */
	return STATUS_OK;
}

static void password_close(void *state)
{
	(void)state;
}

static enum status row_take(struct jid_map_row *row, struct bosh_credentials *out,
			    struct error *err)
{
	out->site_user = strdup(row->user);
	strbuf_adds(&out->secret, row->xmpp_password);
	return out->site_user && strbuf_ok(&out->secret) ? STATUS_OK : error_no_memory(err);
}

static enum status password_prepare(void *state, struct prebind_call *call,
				    struct bosh_credentials *out, struct error *err)
{
	const struct jid *jid = call->jid;
	struct jid_map_row row = {0};
	bool found;
	enum status status = jid_map_find_account(state, jid->localpart, jid->domain, &row, err);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	found = status == STATUS_OK;
	if (found && row.xmpp_password)
		status = row_take(&row, out, err);
	else
		status = error_set(
		    err, STATUS_NO_CHAT_ACCOUNT,
		    "no XMPP password is kept for %s@%s: set it with: prebindctl map set %s "
		    "%s@%s --xmpp-password-stdin",
		    jid->localpart, jid->domain, found ? row.user : "USER", jid->localpart,
		    jid->domain);
	jid_map_clear(&row);
	return status;
}

static void password_refused(void *state, const struct jid *jid,
			     const struct bosh_credentials *credentials, struct error *err)
{
	(void)state;
	error_set(err, STATUS_CHAT_SERVER,
		  "the XMPP server refuses the password that is kept for %s@%s (not-authorized): "
		  "set the right one with: prebindctl map set %s %s@%s --xmpp-password-stdin",
		  jid->localpart, jid->domain, credentials->site_user, jid->localpart, jid->domain);
}

const struct bosh_auth_way bosh_auth_password = {
    .mechanisms = "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN",
    .open = password_open,
    .close = password_close,
    .prepare = password_prepare,
    .refused = password_refused,
};
