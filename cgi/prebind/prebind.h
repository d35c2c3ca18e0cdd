/*
 * The pre-bind service. It makes an authenticated and bound BOSH session for a JID, or one-time
 * credentials for a client that logs in by itself. It does not depend on HTTP requests or site
 * users, so the page, the JSON endpoint and prebindctl share it. It calls one of the back ends of
 * backends.h.
 */
#ifndef PREBIND_PREBIND_H
#define PREBIND_PREBIND_H

#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "prebind/chat_session.h"
#include "prebind/upstream_breaker.h"
#include "store/limit.h"
#include "store/store.h"
#include "xmpp/jid.h"

struct prebind; /* the service of one site; thread-safe */

/*
 * Reads the back end's secrets and checks its URLs. The caller frees *out with prebind_free. conf
 * and store are borrowed until then.
 */
enum status prebind_new(const struct site_conf *conf, struct store *store, struct prebind **out,
			struct error *err);
/*
 * Like prebind_new, but for guests: anonymous sessions of `guest_domain`, always through
 * bosh_service. The service for guests has its own breakers and permits, so guests do not make
 * users wait. With it, prebind_bind uses only the domain of `jid`, because the XMPP server gives
 * each guest a JID.
 */
enum status prebind_new_guests(const struct site_conf *conf, struct store *store,
			       struct prebind **out, struct error *err);
void prebind_free(struct prebind *prebind); /* NULL is allowed */

/*
 * Shares the state of the breakers with the other processes that use the same limits. `limits` is
 * borrowed. See enum breaker_owners. Call this before the first prebind_bind.
 */
void prebind_share(struct prebind *prebind, enum breaker_owners owners, struct limit_store *limits);

/*
 * Binds a session. If `jid` has no resource, the site's key `resource` decides the resource. The
 * call takes at most conf->timeout_ms, and ends by until_ms (monotonic), the deadline of the
 * caller. The caller clears *out. Returns:
 * STATUS_CHAT_SERVER or STATUS_CHAT_TIMEOUT if the XMPP server failed;
 * STATUS_NO_CHAT_ACCOUNT if no password is stored for this JID;
 * STATUS_UNAVAILABLE with err->retry_after if the XMPP server failed often and is not called for a
 * while;
 * STATUS_UNAVAILABLE without err->retry_after if our database failed;
 * STATUS_BUSY with err->retry_after if there are too many calls at the same time;
 * STATUS_SLOW_DOWN with err->retry_after if there are too many calls for this account;
 * STATUS_VISITOR_LEFT if the visitor no longer waits for the session.
 */
enum status prebind_bind(struct prebind *prebind, const struct jid *jid, int64_t until_ms,
			 struct chat_session *out, struct error *err);
#define PREBIND_NOBODY_WAITS INT64_MAX /* until_ms if only conf->timeout_ms is the limit */

/* One-time credentials for a client that needs no BOSH session (WebSocket). */
struct prebind_credentials {
	char *jid;      /* owned; full, or bare if the server is to choose the resource */
	char *password; /* owned; wiped by prebind_credentials_clear */
};

/*
 * Makes credentials without a request to any server. For jid see prebind_bind. Returns
 * STATUS_NOT_FOUND if the site's `bosh_auth` has no one-time passwords. The caller clears *out.
 */
enum status prebind_credentials(struct prebind *prebind, const struct jid *jid,
				struct prebind_credentials *out, struct error *err);
void prebind_credentials_clear(struct prebind_credentials *credentials); /* wipes the password */

/*
 * Asks the XMPP server at each address whether it would serve us, without binding a user. *said is
 * set to one sentence, also on success. After a failure, *said is the error of the first address
 * that failed, with the file, line and key of that address.
 */
enum status prebind_check(struct prebind *prebind, struct error *said);

#endif
