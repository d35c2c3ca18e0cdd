/*
 * Handles visitors who are guests (identity/guest.h): which requests they are allowed to send, and
 * the cookie that marks a visit. The cookie is set when a guest posts a name or requests a session,
 * but not when a guest only views the page.
 */
#ifndef PAGE_GUEST_VISIT_H
#define PAGE_GUEST_VISIT_H

#include "page/app.h"

/*
 * Call guest_pass after a provider has found the visitor. Accepts guests only on routes with
 * GUEST_MAY. Refuses a guest's GET for a session, because a link or a crawler could send such a
 * GET. If the visitor has logged in as a user, ends the visit as a guest. Returns
 * STATUS_LOGIN_REQUIRED if guests are not allowed.
 */
enum status guest_pass(struct exchange *ex, struct error *err);

/*
 * Returns the log key for ex->identity.user. The key is "guest" if ex->identity.user is a guest's
 * id, otherwise "user".
 */
const char *guest_log_key(const struct exchange *ex);

/*
 * Makes the JID for the login of a guest. Only its domain matters, because the XMPP server assigns
 * the guest's JID.
 */
enum status guest_jid(const struct site_conf *conf, struct jid *out, struct error *err);

/*
 * Starts or continues a guest's visit, before a session is opened. Gives a new guest an id, reads
 * the name from the form, and sets the cookie. `context` is the exchange's context. Returns
 * STATUS_BAD_REQUEST if the name cannot be used.
 */
enum status guest_begin_visit(struct exchange *ex, const struct identity_context *context,
			      struct error *err);

/*
 * Tells the browser to delete the guest's cookie. Returns false if the browser has no such cookie.
 */
bool guest_end_visit(struct exchange *ex);

#endif
