/*
 * One BOSH session while the program is its client: the connection, the rids, one body sent and one
 * answer read. For back end bosh: bosh_login.c decides what to send.
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
	bool begun;                    /* an answer has come: the service was reached */
	enum upstream_outcome outcome; /* what the exchanges so far show about the service */
	char sid[BOSH_SID_MAX + 1];    /* "": no session, or it has ended */
	int64_t rid;                   /* the next unused one */
	long hold;
	long wait;       /* seconds */
	long inactivity; /* seconds that an unattached session lives */
	struct http_answer http;
	struct bosh_answer answer; /* the last one */
};

/* Borrows a connection; sends nothing. Call bosh_session_end also after a failure. */
enum status bosh_session_start(struct bosh_session *session, const struct site_conf *conf,
			       const char *domain, const struct prebind_call *call,
			       struct error *err);
void bosh_session_end(struct bosh_session *session, const struct prebind_call *call);

/* Creates the session. session->answer holds the features. */
enum status bosh_session_create(struct bosh_session *session, struct error *err);

/*
 * Restarts the stream after SASL success (RFC 6120, 6.4.6). session->answer holds the new features.
 */
enum status bosh_session_restart(struct bosh_session *session, struct error *err);

/* Sends a payload. While the answer is empty (a poll that ended early), it sends an empty body. */
enum status bosh_session_ask(struct bosh_session *session, const char *payload, struct error *err);

/* STATUS_CHAT_SERVER if session->answer is not this step. `after` is for the sentence. */
enum status bosh_session_expect(const struct bosh_session *session, enum bosh_step step,
				const char *after, struct error *err);

/*
 * Ends the session, if there is one. It takes at most a second and ignores errors. Otherwise the
 * session would live until its inactivity time.
 */
void bosh_session_terminate(struct bosh_session *session);

#endif
