/*
 * Handles visitors who are guests (identity/guest.h): what a guest is allowed to request, and the
 * cookie that begins and ends the visit. The cookie is set when a guest posts a name or requests a
 * session. A page view does not set it.
 */
#ifndef PAGE_GUEST_VISIT_H
#define PAGE_GUEST_VISIT_H

#include "page/app.h"

/*
 * Call it when a provider has found the visitor. A guest is accepted only on routes with GUEST_MAY.
 * A GET for a session is refused to guests, because a link or a crawler could cause it. If the
 * visitor has logged in as a user, it ends the visit as a guest. Returns STATUS_LOGIN_REQUIRED if
 * this is not for guests.
 */
enum status guest_pass(struct exchange *ex, struct error *err);

/* Returns the log key for ex->identity.user: "guest" for a guest's id, otherwise "user". */
const char *guest_log_key(const struct exchange *ex);

/* Makes the JID to ask for. Only its domain matters: the XMPP server assigns the guest's JID. */
enum status guest_jid(const struct site_conf *conf, struct jid *out, struct error *err);

/*
 * Begins or continues the visit, before a session is made. It gives a new guest an id, takes the
 * name from the form, and sets the cookie. context is that of the exchange. Returns
 * STATUS_BAD_REQUEST if the name cannot be used.
 */
enum status guest_begin_visit(struct exchange *ex, const struct identity_context *context,
			      struct error *err);

/* Tells the browser to delete the guest's cookie. Returns false if the browser has none. */
bool guest_end_visit(struct exchange *ex);

#endif
