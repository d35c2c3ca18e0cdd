/*
 * A chat session: what a back end returns, and what the browser continues with.
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
	char *jid;                  /* owned; the full JID to attach with, prepared */
	char sid[CHAT_SID_MAX + 1]; /* a bearer secret */
	char rid[CHAT_RID_MAX + 1]; /* decimal; the next one to send, for every back end */
	char hostname[CHAT_HOSTNAME_MAX + 1]; /* cluster node; "" if the back end names none */
	char *bosh_url;      /* owned; the address at which the browser continues */
	const char *made_at; /* borrowed from the configuration: the address that made it */
	long hold;
	long wait;       /* seconds */
	long expires_in; /* seconds that an unattached session lives */
};

/*
 * Writes the next rid to send. A value that JavaScript cannot count on from leaves "", which is
 * refused later.
 */
void chat_session_set_rid(struct chat_session *session, int64_t next);

/*
 * Checks what a back end returned for the JID `asked`, and prepares session->jid.
 * STATUS_CHAT_SERVER: the session is not usable, or is that of another JID.
 */
enum status chat_session_check(struct chat_session *session, const struct jid *asked,
			       struct error *err);

/*
 * The same for a session whose JID the server gave: it must be in the domain of `asked`.
 */
enum status chat_session_check_guest(struct chat_session *session, const struct jid *asked,
				     struct error *err);

void chat_session_clear(struct chat_session *session); /* wipes */

#endif
