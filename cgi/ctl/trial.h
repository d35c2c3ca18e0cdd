/*
 * A chat session over BOSH in which prebindctl is the client. It sends stanzas and reads the XMPP
 * server's answers. prebindctl check --deep uses these functions.
 */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include "base/xml.h"
#include "conf/conf.h"
#include "net/http_client.h"
#include "prebind/chat_session.h"

#define TRIAL_ID_MAX 24

struct trial {
	const struct site_conf *conf; /* borrowed */
	const char *url;              /* borrowed; the address at which the session was opened */
	const char *domain;           /* owned by jid; the host to which pings are sent */
	struct jid jid;               /* the session's full JID */
	char sid[CHAT_SID_MAX + 1];   /* "" if there is no session, or if it has ended */
	int64_t rid;                  /* the rid of the next request */
	unsigned pings;
	struct http_client *client;
	struct http_connection *connection;
	struct http_answer answer;
};

/* Called for each stanza that the server sends. */
typedef void trial_see(void *arg, const struct xml_node *stanza);

/* Continues a session that prebind_bind has just opened. Call trial_close even if this fails. */
enum status trial_open(struct trial *trial, const struct site_conf *conf,
		       const struct chat_session *session, struct error *err);

/*
 * Sends the stanzas, or none if stanzas is "", and then a ping. Reads until the server answers the
 * ping. Stanzas from other clients and servers can still arrive later. An error is
 * STATUS_CHAT_SERVER or STATUS_CHAT_TIMEOUT.
 */
enum status trial_say(struct trial *trial, const char *stanzas, trial_see *see, void *arg,
		      struct error *err);

/* Ends the session on the server and clears the trial. Accepts a zeroed trial. */
void trial_close(struct trial *trial);

#endif
