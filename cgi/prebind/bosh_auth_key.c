/*
 * bosh_auth = token and bosh_auth = jwt. Both make a password for one log-in from a key that the
 * XMPP server also has (xmpp/login_token.h, xmpp/jwt.h). Neither makes a request.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "prebind/bosh_auth.h"
#include "xmpp/jwt.h"
#include "xmpp/login_token.h"

struct shared_key {
	const char *file; /* borrowed from the configuration */
	struct strbuf bytes;
};

static void key_close(void *state)
{
	struct shared_key *key = state;

	if (key == NULL)
		return;
	strbuf_clear(&key->bytes);
	free(key);
}

static enum status key_read(struct shared_key *key, struct error *why)
{
	struct strbuf text;
	enum status status;

	strbuf_init_secret(&text);
	status = secret_file_read(key->file, &text, why);
	if (status == STATUS_OK)
		status = login_key_parse(text.data, &key->bytes, why);
	strbuf_clear(&text);
	return status;
}

static enum status key_open(const struct site_conf *conf, const char *name, const char *file,
			    void **state, struct error *err)
{
	struct shared_key *key = calloc(1, sizeof(*key));
	struct error why = {0};

	if (key == NULL)
		return error_no_memory(err);
	key->file = file;
	strbuf_init_secret(&key->bytes);
	if (key_read(key, &why) != STATUS_OK) {
		key_close(key);
		return prebind_key_error(conf, name, &why, err);
	}
	*state = key;
	return STATUS_OK;
}

static struct secret_part key_part(const struct shared_key *key)
{
	return (struct secret_part){key->bytes.data, key->bytes.len};
}

/* ---- token ---- */

static enum status token_open(const struct site_conf *conf, struct store *store, void **state,
			      struct error *err)
{
	(void)store;
	return key_open(conf, "bosh_token_key_file", conf->bosh_token_key_file, state, err);
}

static enum status token_prepare(void *state, struct prebind_call *call,
				 struct bosh_credentials *out, struct error *err)
{
	struct secret_part key = key_part(state);
	struct login_token token = {.user = call->jid->localpart,
				    .host = call->jid->domain,
				    .expiry = clock_wall() + BOSH_AUTH_LIFE_S};
	unsigned char nonce[LOGIN_TOKEN_NONCE_BYTES];
	char text[LOGIN_TOKEN_MAX + 1];
	enum status status;

	secret_random(nonce, sizeof(nonce));
	status = login_token_make(&key, &token, nonce, text, err);
	if (status == STATUS_OK) {
		strbuf_adds(&out->secret, text);
		if (!strbuf_ok(&out->secret))
			status = error_no_memory(err);
	}
	secret_wipe(text, sizeof(text));
	return status;
}

static void token_refused(void *state, const struct jid *jid,
			  const struct bosh_credentials *credentials, struct error *err)
{
	const struct shared_key *key = state;

	(void)credentials;
	error_set(
	    err, STATUS_CHAT_SERVER,
	    "the XMPP server refuses the one-time token for %s@%s (not-authorized): the server "
	    "must have the key in bosh_token_key_file (%s), and the clocks of both machines must "
	    "agree. The server's log shows whether the key or the clock is wrong",
	    jid->localpart, jid->domain, key->file);
}

const struct bosh_auth_way bosh_auth_token = {
    .one_time = true,
    .open = token_open,
    .close = key_close,
    .prepare = token_prepare,
    .refused = token_refused,
};

/* ---- jwt ---- */

static enum status jwt_open(const struct site_conf *conf, struct store *store, void **state,
			    struct error *err)
{
	(void)store;
	return key_open(conf, "bosh_jwt_key_file", conf->bosh_jwt_key_file, state, err);
}

static enum status jwt_prepare(void *state, struct prebind_call *call, struct bosh_credentials *out,
			       struct error *err)
{
	struct secret_part key = key_part(state);
	char *jid = jid_bare_text(call->jid);
	int64_t now = clock_wall();
	struct jwt_claims claims = {.jid = jid, .issued = now, .expires = now + BOSH_AUTH_LIFE_S};
	enum status status;

	if (jid == NULL)
		return error_no_memory(err);
	status = jwt_make(&key, &claims, &out->secret, err);
	free(jid);
	return status;
}

static void jwt_refused(void *state, const struct jid *jid,
			const struct bosh_credentials *credentials, struct error *err)
{
	const struct shared_key *key = state;

	(void)credentials;
	error_set(err, STATUS_CHAT_SERVER,
		  "the XMPP server refuses the JWT for %s@%s (not-authorized). On that server, "
		  "jwt_key must be the key in bosh_jwt_key_file (%s), jwt_jid_field must be jid, "
		  "and the clock must be at most a minute ahead of prebind's clock",
		  jid->localpart, jid->domain, key->file);
}

const struct bosh_auth_way bosh_auth_jwt = {
    .one_time = true,
    .open = jwt_open,
    .close = key_close,
    .prepare = jwt_prepare,
    .refused = jwt_refused,
};
