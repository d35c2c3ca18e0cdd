/*
 * Back end bosh: the program logs in itself, with the account's password from the JID map, over one
 * connection: creation, SASL, restart, bind (XEP-0124, XEP-0206, RFC 6120). What is said stands in
 * xmpp/bosh.c and xmpp/sasl.c, how it travels in bosh_session.c; here are the order and the
 * operator's sentences.
 */
#include "prebind/bosh_session.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "store/jid_map.h"
#include "xmpp/sasl.h"

#define SASL_STEPS_MAX    8 /* SCRAM needs three */
#define STRAY_STANZAS_MAX 4 /* before an iq is answered; nobody can write to us yet */
#define IQ_BIND           "bind1"
#define IQ_SESSION        "session1"

struct bosh_state {
	const struct site_conf *conf;
	struct store *store;
};

static enum status bosh_open(const struct site_conf *conf, struct store *store, void **state,
			     struct error *err)
{
	struct bosh_state *bosh = calloc(1, sizeof(*bosh));

	if (!bosh)
		return error_no_memory(err);
	bosh->conf = conf;
	bosh->store = store;
	*state = bosh;
	return STATUS_OK;
}

static void bosh_close(void *state)
{
	free(state);
}

/* ---- the steps ---- */

static enum status auth_refused(const struct bosh_session *session,
				const struct jid_map_row *account, struct error *err)
{
	const char *condition = session->answer.condition;

	if (strcmp(condition, "not-authorized") == 0 || strcmp(condition, "invalid-authzid") == 0)
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server refuses the password that is kept for %s@%s (%s): set "
		    "the right one with: prebindctl map set %s %s@%s --xmpp-password-stdin",
		    account->localpart, account->domain, condition, account->user,
		    account->localpart, account->domain);
	if (strcmp(condition, "account-disabled") == 0 ||
	    strcmp(condition, "credentials-expired") == 0)
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server refuses the account %s@%s (%s): enable it there",
				 account->localpart, account->domain, condition);
	return error_set(err, STATUS_CHAT_SERVER,
			 "the XMPP server refuses the log-in of %s@%s (%s): its log says why",
			 account->localpart, account->domain,
			 condition[0] ? condition : "no reason given");
}

static const char *mechanism_choose(const struct bosh_session *session, struct error *err)
{
	const char *offered = session->answer.mechanisms;
	const char *chosen = sasl_choose(offered, http_url_is_private(session->url));

	if (chosen)
		return chosen;
	if (sasl_choose(offered, true))
		error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server offers only PLAIN, and bosh_service is neither https nor "
		    "on loopback: use https");
	else
		error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server offers no mechanism we have (SCRAM-SHA-256, SCRAM-SHA-1, "
		    "PLAIN) but: %s; some servers offer PLAIN only over https",
		    offered[0] ? offered : "none");
	return NULL;
}

/* Sends one SASL element: the first with the mechanism's name, then responses. */
static enum status sasl_send(struct bosh_session *session, const char *mechanism,
			     const char *base64, struct error *err)
{
	struct strbuf payload;
	enum status status;

	strbuf_init_secret(&payload);
	if (mechanism)
		bosh_sasl_auth_write(&payload, mechanism, base64);
	else
		bosh_sasl_response_write(&payload, base64);
	status = strbuf_ok(&payload) ? bosh_session_ask(session, payload.data, err)
				     : error_no_memory(err);
	strbuf_clear(&payload);
	return status;
}

/* Our next data for the server's last one, sent. */
static enum status sasl_turn(struct bosh_session *session, struct sasl *sasl, const char *mechanism,
			     struct error *err)
{
	char *ours = NULL;
	enum status status = sasl_step(sasl, mechanism ? "" : session->answer.data, &ours, err);

	if (status == STATUS_OK)
		status = sasl_send(session, mechanism, ours, err);
	secret_free(ours);
	return status;
}

/* RFC 6120 6.4.6: data with success is the mechanism's last word: SCRAM's server signature. */
static enum status sasl_finish(const struct bosh_session *session, struct sasl *sasl,
			       struct error *err)
{
	char *ours = NULL;
	enum status status = STATUS_OK;

	if (session->answer.data[0] && !sasl_done(sasl))
		status = sasl_step(sasl, session->answer.data, &ours, err);
	secret_free(ours);
	if (status == STATUS_OK && !sasl_done(sasl))
		status =
		    error_set(err, STATUS_CHAT_SERVER,
			      "the XMPP server ended the log-in without proving that it knows the "
			      "password: no session is handed out");
	return status;
}

static enum status sasl_run(struct bosh_session *session, const char *mechanism, struct sasl *sasl,
			    const struct jid_map_row *account, struct error *err)
{
	enum status status = sasl_turn(session, sasl, mechanism, err);

	for (int i = 1; status == STATUS_OK && session->answer.step == BOSH_CHALLENGE; i++) {
		if (i == SASL_STEPS_MAX)
			return error_set(err, STATUS_CHAT_SERVER,
					 "the XMPP server's SASL exchange does not end");
		status = sasl_turn(session, sasl, NULL, err);
	}
	if (status == STATUS_OK && session->answer.step == BOSH_FAILURE)
		return auth_refused(session, account, err);
	if (status == STATUS_OK)
		status = bosh_session_expect(session, BOSH_SUCCESS, "the SASL data", err);
	return status == STATUS_OK ? sasl_finish(session, sasl, err) : status;
}

static enum status authenticate(struct bosh_session *session, const struct jid_map_row *account,
				struct error *err)
{
	const char *mechanism = mechanism_choose(session, err);
	struct sasl *sasl = NULL;
	enum status status;

	if (!mechanism)
		return STATUS_CHAT_SERVER;
	status = sasl_new(mechanism, account->localpart, account->xmpp_password, &sasl, err);
	if (status == STATUS_OK)
		status = sasl_run(session, mechanism, sasl, account, err);
	sasl_free(sasl);
	return status;
}

/* An iq and its result; stanzas that come between are none of ours. */
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
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server refuses to bind a resource (%s): too many sessions of "
		    "this account, or a resource it does not take (key resource)",
		    session->answer.condition[0] ? session->answer.condition : "no reason given");
	return status == STATUS_OK
		   ? bosh_session_expect(session, wanted, "the resource's binding", err)
		   : status;
}

/* Binds; the caller frees *jid, a full JID. The session iq only where it is still required. */
static enum status bind_resource(struct bosh_session *session, const char *resource, char **jid,
				 struct error *err)
{
	bool session_required = session->answer.session_required;
	struct strbuf payload;
	char *bound = NULL;
	enum status status;

	if (!session->answer.bind_offered)
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server offers no resource binding after the log-in");
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

static enum status account_find(const struct bosh_state *state, const struct jid *jid,
				struct jid_map_row *out, struct error *err)
{
	enum status status =
	    jid_map_find_account(state->store, jid->localpart, jid->domain, out, err);

	if (status == STATUS_OK && out->xmpp_password)
		return STATUS_OK;
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	error_set(err, STATUS_NO_CHAT_ACCOUNT,
		  "no XMPP password is kept for %s@%s: set it with: prebindctl map set %s %s@%s "
		  "--xmpp-password-stdin",
		  jid->localpart, jid->domain, status == STATUS_OK ? out->user : "USER",
		  jid->localpart, jid->domain);
	if (status == STATUS_OK)
		jid_map_clear(out);
	return STATUS_NO_CHAT_ACCOUNT;
}

static enum status log_in(struct bosh_session *session, const struct jid_map_row *account,
			  const char *resource, char **jid, struct error *err)
{
	enum status status = bosh_session_create(session, err);

	if (status == STATUS_OK)
		status = authenticate(session, account, err);
	if (status == STATUS_OK)
		status = bosh_session_restart(session, err);
	if (status == STATUS_OK)
		status = bind_resource(session, resource, jid, err);
	return status;
}

static enum status bosh_bind(void *state, struct prebind_call *call, struct prebind_session *out,
			     struct error *err)
{
	const struct bosh_state *bosh = state;
	const struct jid *jid = call->jid;
	struct jid_map_row account = {0};
	struct bosh_session session;
	char *bound = NULL;
	enum status status = account_find(bosh, jid, &account, err);

	if (status != STATUS_OK)
		return status;
	status = bosh_session_start(&session, bosh->conf, jid->domain, call, err);
	if (status == STATUS_OK)
		status = log_in(&session, &account, jid->resource, &bound, err);
	if (status == STATUS_OK) {
		*out = (struct prebind_session){.jid = bound,
						.hold = session.hold,
						.wait = session.wait,
						.expires_in = session.inactivity};
		snprintf(out->sid, sizeof(out->sid), "%s", session.sid);
		prebind_session_set_rid(out, session.rid);
	} else {
		bosh_session_terminate(&session);
	}
	call->outcome = status == STATUS_OK ? OUTCOME_OK : session.outcome;
	bosh_session_end(&session, call);
	jid_map_clear(&account);
	return status;
}

/* Creation only: it shows that the service is there, for this domain, and what it offers. */
static enum status bosh_check(void *state, struct prebind_call *call, struct error *said)
{
	const struct bosh_state *bosh = state;
	const char *at = strrchr(bosh->conf->jid, '@'); /* the rule's domain: it always has one */
	struct bosh_session session;
	enum status status = bosh_session_start(&session, bosh->conf, at ? at + 1 : "", call, said);

	if (status == STATUS_OK)
		status = bosh_session_create(&session, said);
	if (status == STATUS_OK && !mechanism_choose(&session, said))
		status = STATUS_CHAT_SERVER;
	if (status == STATUS_OK)
		error_set(
		    said, STATUS_OK,
		    "bosh_service answers for %s and offers %s; sessions live %ld s unattached",
		    session.domain, session.answer.mechanisms, session.inactivity);
	bosh_session_terminate(&session);
	bosh_session_end(&session, call);
	return status;
}

const struct prebind_backend bosh_login_backend = {
    .name = "bosh",
    .url_key = "bosh_service",
    .url_offset = offsetof(struct site_conf, bosh_service),
    .open = bosh_open,
    .close = bosh_close,
    .check = bosh_check,
    .bind = bosh_bind,
};
