/*
 * A chat session over BOSH in which the tool itself is the client. The tool sends stanzas and sees
 * what the XMPP server answers. For prebindctl check --deep.
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
	const char *url;              /* borrowed; the address at which the session was made */
	const char *domain;           /* owned by jid; this host answers our pings */
	struct jid jid;               /* full */
	char sid[CHAT_SID_MAX + 1];   /* "" if there is no session, or if it has ended */
	int64_t rid;                  /* the rid of the next request */
	unsigned pings;
	struct http_client *client;
	struct http_connection *connection;
	struct http_answer answer;
};

/* A function that gets each stanza that the server sends. */
typedef void trial_see(void *arg, const struct xml_node *stanza);

/* Continues a session that prebind_bind has just made. Call trial_close also after a failure. */
enum status trial_open(struct trial *trial, const struct site_conf *conf,
		       const struct chat_session *session, struct error *err);

/*
 * Sends stanzas ("" for none) and a ping after them. Reads until the server has answered the ping.
 * Stanzas that the server sends asynchronously can come later. A failure is STATUS_CHAT_SERVER or
 * STATUS_CHAT_TIMEOUT.
 */
enum status trial_say(struct trial *trial, const char *stanzas, trial_see *see, void *arg,
		      struct error *err);

/* Ends the session, also at the server. A zeroed trial is allowed. */
void trial_close(struct trial *trial);

#endif
