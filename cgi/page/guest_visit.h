/*
 * A visitor who is a guest (identity/guest.h): what a guest may ask for, and the cookie that begins
 * and ends the visit. A page view sets no cookie; only a session does.
 */
#ifndef PAGE_GUEST_VISIT_H
#define PAGE_GUEST_VISIT_H

#include "page/app.h"

/*
 * Call it when a provider has found the visitor. A guest counts only where the route says so, and
 * never for a GET of a session, which a link or a crawler could cause. If a user has logged in, it
 * ends the visit as a guest. STATUS_LOGIN_REQUIRED: a guest may not have this.
 */
enum status guest_pass(struct exchange *ex, struct error *err);

/* The key of the visitor's name in the log: "guest" before a guest's id, otherwise "user". */
const char *guest_log_key(const struct exchange *ex);

/* The JID to ask for. Only its domain counts, because the XMPP server gives the JID. */
enum status guest_jid(const struct site_conf *conf, struct jid *out, struct error *err);

/*
 * Begins the visit, or goes on with it, before a session is made: gives a new guest an id, takes
 * the name of the form, and sets the cookie. context: that of the exchange. STATUS_BAD_REQUEST: the
 * name cannot be used.
 */
enum status guest_begin_visit(struct exchange *ex, const struct identity_context *context,
			      struct error *err);

/* Tells the browser to forget the guest. Returns false if it knows none. */
bool guest_end_visit(struct exchange *ex);

#endif
