/*
 * Tigase's ad-hoc command add-user (XEP-0133, 4.1). It uses the same REST call as
 * pre-bind-bosh-session, at Tigase's component sess-man. Pure: bytes in, bytes out.
 */
#ifndef XMPP_ADHOC_ADD_USER_H
#define XMPP_ADHOC_ADD_USER_H

#include "xmpp/adhoc_client.h"

#define ADHOC_ADD_USER_COMPONENT "sess-man"

#define ADHOC_ADD_USER_NODE "http://jabber.org/protocol/admin#add-user"

/* Appends the request's body. jid is bare. */
void adhoc_add_user_write(struct strbuf *out, enum adhoc_format format, const char *jid,
			  const char *password);

/*
 * Reads an answer with HTTP status 200. *existed is true if the account already existed; Tigase
 * then leaves the account unchanged. Returns STATUS_CHAT_SERVER if the account was not added and
 * did not exist; err->text quotes Tigase.
 */
enum status adhoc_add_user_read(enum adhoc_format format, const struct adhoc_answer *answer,
				bool *existed, struct error *err);

#endif
