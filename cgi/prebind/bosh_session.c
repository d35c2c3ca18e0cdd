/*
 * The requests of a BOSH session (XEP-0124). Counts rids, polls with empty bodies until an answer
 * has content, and ends the session after a failure. SASL and accounts are handled elsewhere.
 */
#include "prebind/bosh_session.h"

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/strbuf.h"

/* The server can hold each poll for a long time, so the number of polls in a row is limited. */
#define EMPTY_ANSWERS_MAX 8
/* This value is used if the server sends no `inactivity`. It is the shortest that was measured. */
#define LIFE_DEFAULT_S   30
#define TERMINATE_MAX_MS 1000 /* a visitor waits at most this long for a failed session to end */
#define FIRST_RID_BIT    0x80000000u

enum status bosh_session_start(struct bosh_session *session, const struct site_conf *conf,
			       const char *domain, const struct prebind_call *call,
			       struct error *err)
{
	uint32_t rid;

	*session = (struct bosh_session){
	    .conf = conf, .url = call->url, .domain = domain, .deadline_ms = call->deadline_ms};
	http_answer_init(&session->http);
	session->connection = http_connection_borrow(call->http);
	if (session->connection == NULL)
		return error_no_memory(err);
	secret_random(&rid, sizeof(rid));
	session->rid = rid | FIRST_RID_BIT; /* XEP-0124, 14: random, and far below 2^53 */
	return STATUS_OK;
}

void bosh_session_end(struct bosh_session *session, const struct prebind_call *call)
{
	http_connection_return(call->http, session->connection);
	bosh_answer_clear(&session->answer);
	http_answer_clear(&session->http);
	secret_wipe(session, sizeof(*session));
}

static enum status post(struct bosh_session *session, const struct strbuf *body,
			int64_t deadline_ms, struct error *err)
{
	struct http_call call = {
	    .url = session->url,
	    .body = body->data,
	    .body_len = body->len,
	    .content_type = BOSH_CONTENT_TYPE,
	    .deadline_ms = deadline_ms,
	};

	if (!strbuf_ok(body))
		return error_no_memory(err);
	session->rid++;
	return http_connection_call(session->connection, &call, &session->http, err);
}

static enum status answer_take(struct bosh_session *session, struct error *err)
{
	if (session->http.status != 200 && session->sid[0])
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "bosh_service ended the session with HTTP status %d: the server was restarted, "
		    "or a proxy in front of the server sent the request to another node",
		    session->http.status);
	if (session->http.status == 404) /* Prosody also answers 404 for a host without mod_bosh */
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "bosh_service answered with HTTP status 404 instead of a BOSH body: check the "
		    "path. BOSH must be enabled for the host name in the address, and this host "
		    "must serve %s (with Prosody: the VirtualHost, or http_default_host)",
		    session->domain);
	if (session->http.status != 200)
		return error_set(err, STATUS_CHAT_SERVER,
				 "bosh_service answered with HTTP status %d instead of a BOSH "
				 "body: check the path of bosh_service",
				 session->http.status);
	bosh_answer_clear(&session->answer);
	session->answer = (struct bosh_answer){0};
	return bosh_answer_read(session->http.body.data, session->http.body.len, &session->answer,
				err);
}

/*
 * Sends a body and reads the answer. After a failure the session cannot be used, because the server
 * has ended it, or because we do not know which rid the server expects.
 */
static enum status exchange(struct bosh_session *session, const struct strbuf *body,
			    struct error *err)
{
	enum status status = post(session, body, session->deadline_ms, err);

	if (status != STATUS_OK) {
		session->outcome =
		    session->begun ? OUTCOME_FAILED : prebind_reach_outcome(session->http.reach);
	} else {
		session->begun = true;
		status = answer_take(session, err);
		session->outcome = status == STATUS_OK ? OUTCOME_NONE : OUTCOME_FAILED;
	}
	if (status != STATUS_OK)
		session->sid[0] = '\0';
	return status;
}

/* While the last answer is empty, polls with empty bodies, at most EMPTY_ANSWERS_MAX times. */
static enum status wait_for_answer(struct bosh_session *session, struct error *err)
{
	struct strbuf body;
	enum status status = STATUS_OK;

	strbuf_init_secret(&body);
	for (int i = 0; i < EMPTY_ANSWERS_MAX; i++) {
		if (status != STATUS_OK || session->answer.step != BOSH_NOTHING)
			break;
		strbuf_reset(&body);
		bosh_body_write(&body, session->sid, session->rid, "");
		status = exchange(session, &body, err);
	}
	strbuf_clear(&body);
	return status;
}

enum status bosh_session_ask(struct bosh_session *session, const char *payload, struct error *err)
{
	struct strbuf body;
	enum status status;

	strbuf_init_secret(&body);
	bosh_body_write(&body, session->sid, session->rid, payload);
	status = exchange(session, &body, err);
	strbuf_clear(&body);
	return status == STATUS_OK ? wait_for_answer(session, err) : status;
}

enum status bosh_session_expect(const struct bosh_session *session, enum bosh_step step,
				const char *after, struct error *err)
{
	if (session->answer.step == step)
		return STATUS_OK;
	return error_set(err, STATUS_CHAT_SERVER,
			 "bosh_service sent %s after %s: check that bosh_service is the BOSH "
			 "service of an XMPP server",
			 session->answer.step == BOSH_NOTHING ? "only empty answers"
							      : "an unexpected answer",
			 after);
}

static void creation_take(struct bosh_session *session)
{
	const struct bosh_answer *answer = &session->answer;
	const struct site_conf *conf = session->conf;

	memcpy(session->sid, answer->sid, sizeof(session->sid));
	session->hold = answer->hold >= 0 ? answer->hold : conf->hold;
	session->wait = answer->wait > 0 ? answer->wait : conf->wait;
	session->inactivity = answer->inactivity > 0 ? answer->inactivity : LIFE_DEFAULT_S;
}

enum status bosh_session_create(struct bosh_session *session, struct error *err)
{
	struct bosh_create fields = {.domain = session->domain,
				     .route = session->conf->bosh_route,
				     .rid = session->rid,
				     .hold = session->conf->hold,
				     .wait = session->conf->wait};
	struct strbuf body;
	enum status status;

	strbuf_init(&body);
	bosh_create_write(&body, &fields);
	status = exchange(session, &body, err);
	strbuf_clear(&body);
	if (status != STATUS_OK)
		return status;
	if (!session->answer.sid[0])
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "bosh_service created no session for %s: check that it serves this domain",
		    session->domain);
	creation_take(session);
	status = wait_for_answer(session, err);
	return status == STATUS_OK
		   ? bosh_session_expect(session, BOSH_FEATURES, "the request for a session", err)
		   : status;
}

enum status bosh_session_restart(struct bosh_session *session, struct error *err)
{
	struct strbuf body;
	enum status status;

	strbuf_init_secret(&body);
	bosh_restart_write(&body, session->sid, session->rid, session->domain);
	status = exchange(session, &body, err);
	strbuf_clear(&body);
	if (status == STATUS_OK)
		status = wait_for_answer(session, err);
	return status == STATUS_OK
		   ? bosh_session_expect(session, BOSH_FEATURES, "the restart of the stream", err)
		   : status;
}

void bosh_session_terminate(struct bosh_session *session)
{
	int64_t soon = clock_monotonic_ms() + TERMINATE_MAX_MS;
	struct strbuf body;

	if (!session->sid[0])
		return;
	strbuf_init_secret(&body);
	bosh_terminate_write(&body, session->sid, session->rid);
	post(session, &body, soon < session->deadline_ms ? soon : session->deadline_ms, NULL);
	strbuf_clear(&body);
	session->sid[0] = '\0';
}
