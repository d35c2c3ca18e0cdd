/*
 * The service: makes an authenticated and bound BOSH session for a JID, or one-time credentials for
 * a client that logs in by itself. It knows neither requests nor site users, so the page, the JSON
 * endpoint and prebindctl share it. It calls one of the back ends of backends.h.
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

struct prebind; /* one site's service; thread-safe; lives as long as the process */

/*
 * Reads the back end's secrets and checks its URL. conf and store are borrowed as long as *out
 * lives.
 */
enum status prebind_new(const struct site_conf *conf, struct store *store, struct prebind **out,
			struct error *err);
/*
 * The same for guests: anonymous sessions of `guest_domain`, always by bosh_service. It has
 * breakers and permits of its own, so guests do not make users wait. Of the JID in prebind_bind
 * only the domain counts, because the XMPP server gives each guest a JID.
 */
enum status prebind_new_guests(const struct site_conf *conf, struct store *store,
			       struct prebind **out, struct error *err);
void prebind_free(struct prebind *prebind); /* NULL is allowed */

/*
 * Shares the state of the breakers with the other processes that use these limits (borrowed); see
 * enum breaker_owners. Call it before the first prebind_bind.
 */
void prebind_share(struct prebind *prebind, enum breaker_owners owners, struct limit_store *limits);

/*
 * Binds a session. If jid has no resource, the site's `resource` rule decides. It takes at most
 * conf->timeout_ms and ends by until_ms (monotonic), the caller's own deadline. STATUS_CHAT_SERVER,
 * STATUS_CHAT_TIMEOUT; STATUS_NO_CHAT_ACCOUNT: no password is kept for this JID. With
 * err->retry_after: STATUS_UNAVAILABLE (the XMPP server failed often and is not asked for a while),
 * STATUS_BUSY (too many calls at once), STATUS_SLOW_DOWN (too many for this account).
 * STATUS_VISITOR_LEFT: nobody waits for it any more. STATUS_UNAVAILABLE without retry_after: our
 * database. The caller clears *out.
 */
enum status prebind_bind(struct prebind *prebind, const struct jid *jid, int64_t until_ms,
			 struct chat_session *out, struct error *err);
#define PREBIND_NOBODY_WAITS INT64_MAX /* until_ms: only conf->timeout_ms */

/* One-time credentials for a client that needs no BOSH session (WebSocket). */
struct prebind_credentials {
	char *jid;      /* owned; full, or bare if the server is to choose the resource */
	char *password; /* owned; wiped by prebind_credentials_clear */
};

/*
 * Makes credentials without a request to any server. jid is that of prebind_bind. STATUS_NOT_FOUND:
 * this site's `bosh_auth` has no one-time passwords. The caller clears *out.
 */
enum status prebind_credentials(struct prebind *prebind, const struct jid *jid,
				struct prebind_credentials *out, struct error *err);
void prebind_credentials_clear(struct prebind_credentials *credentials); /* wipes */

/*
 * Asks the XMPP server at each address whether it would serve us, without binding a user. *said is
 * one sentence, also on success. After a fault it is the sentence of the first fault, with the
 * file, line and key of the address.
 */
enum status prebind_check(struct prebind *prebind, struct error *said);

#endif
