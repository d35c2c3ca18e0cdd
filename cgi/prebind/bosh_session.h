/*
 * One BOSH session while the program is its client: the connection, the rids, one body out and one
 * answer in. Of back end bosh (bosh_login.c), which decides what is said.
 */
#ifndef PREBIND_BOSH_SESSION_H
#define PREBIND_BOSH_SESSION_H

#include "conf/conf.h"
#include "prebind/backends.h"
#include "xmpp/bosh.h"

struct bosh_session {
	const struct site_conf *conf;
	const char *url; /* borrowed, as domain is */
	const char *domain;
	struct http_connection *connection;
	int64_t deadline_ms;
	bool begun;                    /* something was sent */
	enum upstream_outcome outcome; /* what the exchanges so far say about the service */
	char sid[BOSH_SID_MAX + 1];    /* "" : there is no session, or it is over */
	int64_t rid;                   /* the next unused one */
	long hold;
	long wait;       /* seconds */
	long inactivity; /* seconds an unattached session lives */
	struct http_answer http;
	struct bosh_answer answer; /* the last one */
};

/* Borrows a connection; nothing is sent. bosh_session_end also after a failure. */
enum status bosh_session_start(struct bosh_session *session, const struct site_conf *conf,
			       const char *domain, const struct prebind_call *call,
			       struct error *err);
void bosh_session_end(struct bosh_session *session, const struct prebind_call *call);

/* Creates the session; ->answer holds the features. */
enum status bosh_session_create(struct bosh_session *session, struct error *err);

/* After SASL success (RFC 6120 6.4.6); ->answer holds the new features. */
enum status bosh_session_restart(struct bosh_session *session, struct error *err);

/*
 * Sends a payload. An empty answer is a poll that ended early: it is asked again with an empty
 * body.
 */
enum status bosh_session_ask(struct bosh_session *session, const char *payload, struct error *err);

/* STATUS_CHAT_SERVER if ->answer is not that step; `after` is for the sentence. */
enum status bosh_session_expect(const struct bosh_session *session, enum bosh_step step,
				const char *after, struct error *err);

/*
 * Best effort, within a second: a session that nobody attaches to would live until its inactivity
 * ends it.
 */
void bosh_session_terminate(struct bosh_session *session);

#endif
