/*
 * Guests log in with SASL ANONYMOUS (RFC 4505), which needs no secret. The XMPP server chooses the
 * JID. The server's configuration also decides what a guest is allowed to do (docs/guests.md).
 */
#include "prebind/bosh_auth.h"

static enum status anonymous_open(const struct site_conf *conf, struct store *store, void **state,
				  struct error *err)
{
	(void)conf;
	(void)store;
	(void)state;
	(void)err;
	return STATUS_OK;
}

static void anonymous_close(void *state)
{
	(void)state;
}

static enum status anonymous_prepare(void *state, struct prebind_call *call,
				     struct bosh_credentials *out, struct error *err)
{
	(void)state;
	(void)call;
	(void)out;
	(void)err;
	return STATUS_OK;
}

static void anonymous_refused(void *state, const struct jid *jid,
			      const struct bosh_credentials *credentials, struct error *err)
{
	(void)state;
	(void)credentials;
	error_set(err, STATUS_CHAT_SERVER,
		  "the XMPP server does not admit guests on %s (not-authorized): configure this "
		  "host for guests, see docs/guests.md",
		  jid->domain);
}

const struct bosh_auth_way bosh_auth_anonymous = {
    .open = anonymous_open,
    .close = anonymous_close,
    .prepare = anonymous_prepare,
    .refused = anonymous_refused,
};
