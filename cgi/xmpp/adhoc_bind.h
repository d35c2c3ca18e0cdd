/*
 * Tigase's ad-hoc command pre-bind-bosh-session, for the client: writes the request and checks the
 * answer. Pure: bytes in, bytes out.
 */
#ifndef XMPP_ADHOC_BIND_H
#define XMPP_ADHOC_BIND_H

#include <stdint.h>

#include "xmpp/adhoc_client.h"

#define ADHOC_SID_MAX 64
#define ADHOC_RID_MAX 16
#define ADHOC_RID_LIMIT                                                                            \
	(((int64_t)1 << 53) - 1 - 1000000) /* a million later rids stay exact in JavaScript */

struct adhoc_bind {
	const char *from; /* bare or full JID; no control characters; resource without & < > " ' */
	long hold;
	long wait; /* seconds */
};

/*
 * Appends the request's body. If from is NULL, the request asks for the empty form, and Tigase
 * opens no session.
 */
void adhoc_bind_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_bind *bind);

struct adhoc_session {
	char *from; /* owned; the full JID, as the server returned it */
	char sid[ADHOC_SID_MAX + 1];
	int64_t rid; /* the rid in the answer; already used, so the next request has rid + 1 */
	char hostname[ADHOC_HOSTNAME_MAX + 1]; /* "" if the answer has none */
};

/*
 * Reads an answer with HTTP status 200. Returns STATUS_CHAT_SERVER for anything that is not a
 * session. Examples are an `Error` field, the empty form, "returned no results", "Script execution
 * error", a wrong type, and duplicate or malformed fields. err->text quotes the server. The caller
 * clears *out.
 */
enum status adhoc_bind_read(enum adhoc_format format, const struct adhoc_answer *answer,
			    struct adhoc_session *out, struct error *err);

/*
 * True if Tigase itself refused this request with HTTP 200: Tigase does not host the domain, the
 * JID is invalid, or the answer is the empty form. False if Tigase failed, or if another program
 * answered.
 */
bool adhoc_bind_refused(enum adhoc_format format, const struct adhoc_answer *answer);
void adhoc_session_clear(struct adhoc_session *session);

#endif
