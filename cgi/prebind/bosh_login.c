/*
 * The back end bosh, in which the program itself logs in, over one connection. The steps are
 * session creation, SASL, stream restart and bind (XEP-0124, XEP-0206, RFC 6120). bosh_auth.c
 * provides the secret for the log-in, xmpp/bosh.c and xmpp/sasl.c make the messages, and
 * bosh_session.c sends them. This file decides the order of the steps, and makes the error
 * sentences about the steps.
 */
#include "prebind/bosh_session.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/blocking.h"
#include "base/strbuf.h"
#include "prebind/bosh_auth.h"
#include "prebind/ejabberd_register.h"
#include "xmpp/sasl.h"

#define SASL_STEPS_MAX    8 /* SCRAM needs three */
#define STRAY_STANZAS_MAX 4 /* limit on stanzas before an iq's result; nobody can send to us yet */
#define IQ_BIND           "bind1"
#define IQ_SESSION        "session1"

struct bosh_state {
	const struct site_conf *conf;
	const char *domain; /* borrowed; the domain of the accounts or of the guests */
	struct bosh_auth auth;
	struct ejabberd_api accounts; /* zeroed unless provision = ejabberd */
};

/* A log-in that is running. */
struct login {
	const struct bosh_auth *auth;
	const struct jid *jid;
	struct bosh_credentials credentials;
	struct bosh_session session;
	const char *mechanism;
	bool again; /* the log-in failed, but can succeed with other credentials */
};

static void bosh_close(void *state)
{
	struct bosh_state *bosh = state;

	bosh_auth_close(&bosh->auth);
	ejabberd_api_clear(&bosh->accounts);
	free(bosh);
}

static enum status bosh_open(const struct site_conf *conf, struct store *store, void **state,
			     struct error *err)
{
	const char *at = strrchr(conf->jid, '@'); /* NULL if the domains are in jid_domains */
	struct bosh_state *bosh = calloc(1, sizeof(*bosh));
	enum status status;

	if (bosh == NULL)
		return error_no_memory(err);
	bosh->conf = conf;
	bosh->domain = at != NULL                    ? at + 1
		       : conf->jid_domains.count > 0 ? conf->jid_domains.items[0]
						     : "";
	status = bosh_auth_open(conf, store, &bosh->auth, err);
	if (status == STATUS_OK && conf->provision == PROVISION_EJABBERD)
		status = ejabberd_register_open(&bosh->accounts, conf, err);
	if (status == STATUS_OK)
		*state = bosh;
	else
		bosh_close(bosh);
	return status;
}

static enum status guest_open(const struct site_conf *conf, struct store *store, void **state,
			      struct error *err)
{
	struct bosh_state *bosh = calloc(1, sizeof(*bosh));
	enum status status;

	if (bosh == NULL)
		return error_no_memory(err);
	bosh->conf = conf;
	bosh->domain = conf->guest_domain;
	status = bosh_auth_open_guest(conf, store, &bosh->auth, err);
	if (status == STATUS_OK)
		*state = bosh;
	else
		bosh_close(bosh);
	return status;
}

/* ---- the steps ---- */

/* Sends one SASL element: <auth> if `mechanism` is not NULL, otherwise <response>. */
static enum status sasl_send(struct bosh_session *session, const char *mechanism,
			     const char *base64, struct error *err)
{
	struct strbuf payload;
	enum status status;

	strbuf_init_secret(&payload);
	if (mechanism != NULL)
		bosh_sasl_auth_write(&payload, mechanism, base64);
	else
		bosh_sasl_response_write(&payload, base64);
	status = strbuf_ok(&payload) ? bosh_session_ask(session, payload.data, err)
				     : error_no_memory(err);
	strbuf_clear(&payload);
	return status;
}

/* Makes our answer to the server's last SASL message, and sends it. */
static enum status sasl_reply(struct bosh_session *session, struct sasl *sasl,
			      const char *mechanism, struct error *err)
{
	char *ours = NULL;
	enum status status =
	    sasl_step(sasl, mechanism != NULL ? "" : session->answer.data, &ours, err);

	if (status == STATUS_OK)
		status = sasl_send(session, mechanism, ours, err);
	secret_free(ours);
	return status;
}

/* Data in <success/> is the server's last message, such as SCRAM's signature (RFC 6120, 6.4.6). */
static enum status sasl_finish(const struct bosh_session *session, struct sasl *sasl,
			       struct error *err)
{
	char *ours = NULL;
	enum status status = STATUS_OK;

	if (session->answer.data[0] && !sasl_done(sasl))
		status = sasl_step(sasl, session->answer.data, &ours, err);
	secret_free(ours);
	if (status == STATUS_OK && !sasl_done(sasl))
		status = error_set(err, STATUS_CHAT_SERVER,
				   "the XMPP server ended the login but did not prove that it "
				   "knows the password, so the session was not used");
	return status;
}

static enum status sasl_run(struct login *login, struct sasl *sasl, struct error *err)
{
	struct bosh_session *session = &login->session;
	enum status status = sasl_reply(session, sasl, login->mechanism, err);

	for (int i = 1; status == STATUS_OK && session->answer.step == BOSH_CHALLENGE; i++) {
		if (i == SASL_STEPS_MAX)
			return error_set(err, STATUS_CHAT_SERVER,
					 "the XMPP server's SASL exchange has too many steps");
		status = sasl_reply(session, sasl, NULL, err);
	}
	if (status == STATUS_OK && session->answer.step == BOSH_FAILURE) {
		login->again = bosh_auth_refused(login->auth, login->jid, &login->credentials,
						 session->answer.condition, err);
		return STATUS_CHAT_SERVER;
	}
	if (status == STATUS_OK)
		status = bosh_session_expect(session, BOSH_SUCCESS, "the SASL data", err);
	return status == STATUS_OK ? sasl_finish(session, sasl, err) : status;
}

static enum status authenticate(struct login *login, struct error *err)
{
	const struct bosh_session *session = &login->session;
	struct sasl *sasl = NULL;
	enum status status;

	login->mechanism =
	    bosh_auth_mechanism(login->auth, session->answer.mechanisms, session->url, err);
	if (login->mechanism == NULL)
		return STATUS_CHAT_SERVER;
	status = sasl_new(login->mechanism, login->jid->localpart, login->credentials.secret.data,
			  &sasl, err);
	if (status == STATUS_OK)
		status = sasl_run(login, sasl, err);
	sasl_free(sasl);
	return status;
}

/* Sets the error for a condition of RFC 6120, 7.6.2 and 7.7.2. */
static enum status bind_refused(const char *condition, struct error *err)
{
	const char *advice = "see the server's log";

	if (strcmp(condition, "conflict") == 0)
		advice = "another session of this account already uses the resource: set resource "
			 "= web-{random}";
	else if (strcmp(condition, "resource-constraint") == 0)
		advice = "this account has too many sessions: raise the server's limit, or shorten "
			 "the time after which the server ends an unused session";
	else if (strcmp(condition, "bad-request") == 0 || strcmp(condition, "not-allowed") == 0)
		advice = "the server does not accept this resource: check the key resource";
	return error_set(err, STATUS_CHAT_SERVER,
			 "the XMPP server refuses to bind a resource (%s): %s",
			 condition[0] ? condition : "no reason given", advice);
}

/* Sends an iq and waits for its result. Other stanzas before the result are ignored. */
static enum status iq(struct bosh_session *session, const struct strbuf *payload,
		      enum bosh_step wanted, struct error *err)
{
	enum status status = STATUS_OK;
	const char *text = payload->data;

	if (!strbuf_ok(payload))
		return error_no_memory(err);
	for (int i = 0; i < STRAY_STANZAS_MAX; i++) {
		status = bosh_session_ask(session, text, err);
		if (status != STATUS_OK || session->answer.step != BOSH_OTHER)
			break;
		text = "";
	}
	if (status == STATUS_OK && session->answer.step == BOSH_IQ_ERROR)
		return bind_refused(session->answer.condition, err);
	return status == STATUS_OK
		   ? bosh_session_expect(session, wanted, "the request to bind a resource", err)
		   : status;
}

/*
 * Binds a resource. Sets *jid to the full JID; the caller frees *jid. Sends the iq that establishes
 * a session only if the server requires this iq.
 */
static enum status bind_resource(struct bosh_session *session, const char *resource, char **jid,
				 struct error *err)
{
	bool session_required = session->answer.session_required;
	struct strbuf payload;
	char *bound = NULL;
	enum status status;

	if (!session->answer.bind_offered)
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server offers no resource binding after the login");
	strbuf_init(&payload);
	bosh_bind_write(&payload, IQ_BIND, resource[0] ? resource : NULL);
	status = iq(session, &payload, BOSH_BOUND, err);
	if (status != STATUS_OK)
		goto out;
	bound = session->answer.data;
	session->answer.data = NULL;
	if (session_required) {
		strbuf_reset(&payload);
		bosh_session_write(&payload, IQ_SESSION);
		status = iq(session, &payload, BOSH_RESULT, err);
	}
out:
	strbuf_clear(&payload);
	if (status == STATUS_OK)
		*jid = bound;
	else
		free(bound);
	return status;
}

/* ---- the back end ---- */

static enum status log_in(struct login *login, char **jid, struct error *err)
{
	struct bosh_session *session = &login->session;
	enum status status = bosh_session_create(session, err);

	if (status == STATUS_OK)
		status = authenticate(login, err);
	if (status == STATUS_OK)
		status = bosh_session_restart(session, err);
	if (status == STATUS_OK)
		status = bind_resource(session, login->jid->resource, jid, err);
	return status;
}

static void session_hand_over(const struct bosh_session *session, char *jid,
			      struct chat_session *out)
{
	*out = (struct chat_session){.jid = jid,
				     .hold = session->hold,
				     .wait = session->wait,
				     .expires_in = session->inactivity};
	snprintf(out->sid, sizeof(out->sid), "%s", session->sid);
	chat_session_set_rid(out, session->rid);
}

/*
 * Logs in with one session. On success the session is passed on to the browser. After a failure, or
 * if the visitor has left, the session is ended.
 */
static enum status bind_once(const struct bosh_state *bosh, struct login *login,
			     struct prebind_call *call, struct chat_session *out, struct error *err)
{
	struct bosh_session *session = &login->session;
	char *bound = NULL;
	enum status status = bosh_session_start(session, bosh->conf, login->jid->domain, call, err);

	if (status == STATUS_OK)
		status = log_in(login, &bound, err);
	bool left = status == STATUS_OK && visitor_has_left();
	if (status == STATUS_OK && !left)
		session_hand_over(session, bound, out);
	else
		bosh_session_terminate(session);
	call->outcome = status == STATUS_OK ? OUTCOME_OK : session->outcome;
	if (left) {
		free(bound);
		status = error_set(
		    err, STATUS_VISITOR_LEFT,
		    "the visitor left while the session was being made, so the session was ended");
	}
	bosh_session_end(session, call);
	return status;
}

static enum status bosh_bind(void *state, struct prebind_call *call, struct chat_session *out,
			     struct error *err)
{
	const struct bosh_state *bosh = state;
	enum status status;
	bool again;

	do {
		struct login login = {.auth = &bosh->auth, .jid = call->jid};

		bosh_credentials_init(&login.credentials);
		status = bosh->auth.way->prepare(bosh->auth.state, call, &login.credentials, err);
		if (status == STATUS_OK)
			status = bind_once(bosh, &login, call, out, err);
		again = login.again;
		bosh_credentials_clear(&login.credentials);
	} while (again); /* runs at most twice, because fresh credentials are not tried again */
	return status;
}

static enum status bosh_one_time(void *state, struct prebind_call *call, struct strbuf *out,
				 struct error *err)
{
	const struct bosh_state *bosh = state;
	struct bosh_credentials credentials;
	enum status status;

	if (!bosh->auth.way->one_time)
		return error_set(err, STATUS_NOT_FOUND,
				 "bosh_auth = %s does not support one-time passwords",
				 bosh->auth.name);
	bosh_credentials_init(&credentials);
	status = bosh->auth.way->prepare(bosh->auth.state, call, &credentials, err);
	if (status == STATUS_OK)
		strbuf_add(out, credentials.secret.data, credentials.secret.len);
	bosh_credentials_clear(&credentials);
	return status;
}

/*
 * Creates a session and ends it, without a log-in. The session shows whether the service works for
 * this domain, and which mechanisms it offers.
 */
static enum status bosh_check(void *state, struct prebind_call *call, struct error *said)
{
	const struct bosh_state *bosh = state;
	struct bosh_session session;
	enum status status = bosh_session_start(&session, bosh->conf, bosh->domain, call, said);

	if (status == STATUS_OK)
		status = bosh_session_create(&session, said);
	if (status == STATUS_OK &&
	    bosh_auth_mechanism(&bosh->auth, session.answer.mechanisms, session.url, said) == NULL)
		status = STATUS_CHAT_SERVER;
	if (status == STATUS_OK)
		error_set(said, STATUS_OK,
			  "bosh_service serves the domain %s and offers the mechanisms %s; a "
			  "session that no browser uses expires after %ld s",
			  session.domain, session.answer.mechanisms, session.inactivity);
	bosh_session_terminate(&session);
	bosh_session_end(&session, call);
	return status;
}

static enum status bosh_create_account(void *state, struct prebind_call *call, const char *password,
				       bool *existed, struct error *err)
{
	const struct bosh_state *bosh = state;

	return ejabberd_register(&bosh->accounts, call, password, existed, err);
}

const struct prebind_backend bosh_login_backend = {
    .name = "bosh",
    .url_key = "bosh_service",
    .url_offset = offsetof(struct site_conf, bosh_service),
    .open = bosh_open,
    .close = bosh_close,
    .check = bosh_check,
    .bind = bosh_bind,
    .one_time = bosh_one_time,
    .create_account = bosh_create_account,
};

const struct prebind_backend bosh_guest_backend = {
    .name = "guest",
    .url_key = "bosh_service",
    .url_offset = offsetof(struct site_conf, bosh_service),
    .gives_jid = true,
    .open = guest_open,
    .close = bosh_close,
    .check = bosh_check,
    .bind = bosh_bind,
};
