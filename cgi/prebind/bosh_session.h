/*
 * One BOSH session in which this program is the client. The functions handle the connection and the
 * rids, and send one body and read one answer at a time. Only the back end bosh uses them;
 * bosh_login.c decides what to send.
 */
#ifndef PREBIND_BOSH_SESSION_H
#define PREBIND_BOSH_SESSION_H

#include "conf/conf.h"
#include "prebind/backends.h"
#include "xmpp/bosh.h"

struct bosh_session {
	const struct site_conf *conf;
	const char *url; /* borrowed, like domain */
	const char *domain;
	struct http_connection *connection;
	int64_t deadline_ms;
	bool begun;                    /* an answer has come, so the service can be reached */
	enum upstream_outcome outcome; /* what the requests so far show about the service */
	char sid[BOSH_SID_MAX + 1];    /* "" if there is no session, or if it has ended */
	int64_t rid;                   /* the rid of the next request */
	long hold;
	long wait;       /* how many seconds the server can hold a request */
	long inactivity; /* how many seconds the server keeps a session without requests */
	struct http_answer http;
	struct bosh_answer answer; /* the last answer */
};

/* Borrows a connection, but sends nothing. Call bosh_session_end, also after a failure. */
enum status bosh_session_start(struct bosh_session *session, const struct site_conf *conf,
			       const char *domain, const struct prebind_call *call,
			       struct error *err);
void bosh_session_end(struct bosh_session *session, const struct prebind_call *call);

/* Creates the session. On success session->answer holds the stream features. */
enum status bosh_session_create(struct bosh_session *session, struct error *err);

/*
 * Restarts the stream after SASL success (RFC 6120, 6.4.6). On success session->answer holds the
 * new features.
 */
enum status bosh_session_restart(struct bosh_session *session, struct error *err);

/*
 * Sends a payload, then polls with empty bodies until an answer has content. The server can end a
 * poll early with an empty answer.
 */
enum status bosh_session_ask(struct bosh_session *session, const char *payload, struct error *err);

/*
 * Returns STATUS_CHAT_SERVER if session->answer is not of the kind `step`. `after` is what was sent
 * last, in words for the error.
 */
enum status bosh_session_expect(const struct bosh_session *session, enum bosh_step step,
				const char *after, struct error *err);

/*
 * Ends the session, if there is one. Otherwise the server would keep the session until its
 * inactivity time is over. The call takes at most one second, and ignores errors.
 */
void bosh_session_terminate(struct bosh_session *session);

#endif
