/*
 * A chat session in which the tool itself is the client, over BOSH: it sends stanzas and sees what
 * the XMPP server answers. For prebindctl check --deep.
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
	const char *url;              /* borrowed; where the session was made */
	const char *domain;           /* owned by jid; its host answers our pings */
	struct jid jid;               /* full */
	char sid[CHAT_SID_MAX + 1];   /* "": there is no session, or it has ended */
	int64_t rid;                  /* the next one */
	unsigned pings;
	struct http_client *client;
	struct http_connection *connection;
	struct http_answer answer;
};

/* Gets each stanza that the server sends. */
typedef void trial_see(void *arg, const struct xml_node *stanza);

/* Goes on with a session that prebind_bind has just made. Call trial_close also after a failure. */
enum status trial_open(struct trial *trial, const struct site_conf *conf,
		       const struct chat_session *session, struct error *err);

/*
 * Sends stanzas ("": none), and reads until the server has answered the ping sent after them. What
 * the server sends asynchronously may come later. STATUS_CHAT_SERVER, STATUS_CHAT_TIMEOUT.
 */
enum status trial_say(struct trial *trial, const char *stanzas, trial_see *see, void *arg,
		      struct error *err);

/* Ends the session at the server too. Allowed for a zeroed trial. */
void trial_close(struct trial *trial);

#endif
