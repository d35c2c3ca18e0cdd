/*
 * A chat session. A back end returns it, and the browser continues it.
 */
#ifndef PREBIND_CHAT_SESSION_H
#define PREBIND_CHAT_SESSION_H

#include <stdint.h>

#include "base/error.h"
#include "xmpp/jid.h"

#define CHAT_SID_MAX      128
#define CHAT_RID_MAX      16
#define CHAT_HOSTNAME_MAX 253

struct chat_session {
	char *jid;                  /* owned; the full JID of the session, prepared */
	char sid[CHAT_SID_MAX + 1]; /* a bearer secret */
	char rid[CHAT_RID_MAX + 1]; /* decimal; the rid of the next request, with every back end */
	char hostname[CHAT_HOSTNAME_MAX + 1]; /* cluster node; "" if the back end reports none */
	char *bosh_url;      /* owned; the address that the browser sends its requests to */
	const char *made_at; /* borrowed from the configuration; the address that was called */
	long hold;
	long wait;       /* how many seconds the server can hold a request */
	long expires_in; /* how many seconds the server keeps a session without requests */
};

/*
 * Sets the rid of the next request. If the value is too big for JavaScript to increment, the rid
 * stays "", and chat_session_check refuses the session.
 */
void chat_session_set_rid(struct chat_session *session, int64_t next);

/*
 * Checks what a back end returned for the JID `asked`, and prepares session->jid. Returns
 * STATUS_CHAT_SERVER if the session cannot be used, or belongs to another JID.
 */
enum status chat_session_check(struct chat_session *session, const struct jid *asked,
			       struct error *err);

/*
 * Like chat_session_check, for a session whose JID the server chose. The JID must be in the domain
 * of `asked`.
 */
enum status chat_session_check_guest(struct chat_session *session, const struct jid *asked,
				     struct error *err);

void chat_session_clear(struct chat_session *session); /* wipes the session */

#endif
