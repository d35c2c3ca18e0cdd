/*
 * The service: a JID in, an authenticated and bound BOSH session out; or what a client can log in
 * with by itself. It knows no request and no
 * site user, so that the page, the JSON endpoint and prebindctl share it. Behind it one of the back
 * ends of backends.h.
 */
#ifndef PREBIND_PREBIND_H
#define PREBIND_PREBIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "store/limit.h"
#include "store/store.h"
#include "xmpp/jid.h"

#define PREBIND_SID_MAX      128
#define PREBIND_RID_MAX      16
#define PREBIND_HOSTNAME_MAX 253

struct prebind; /* one site's service; thread-safe; process lifetime */

struct prebind_session {
	char *jid;                     /* owned; the full JID to attach with, prepared */
	char sid[PREBIND_SID_MAX + 1]; /* a bearer secret */
	char rid[PREBIND_RID_MAX +
		 1]; /* decimal; the next one to send, whatever the back end returned */
	char
	    hostname[PREBIND_HOSTNAME_MAX + 1]; /* cluster node, "" unless the back end names one */
	char *bosh_url;                         /* owned; where the browser goes on with it */
	long hold;
	long wait;       /* seconds */
	long expires_in; /* seconds an unattached session lives */
};

/*
 * Reads the back end's secrets and checks its URL. conf and store are borrowed for the life of
 * *out.
 */
enum status prebind_new(const struct site_conf *conf, struct store *store, struct prebind **out,
			struct error *err);
void prebind_free(struct prebind *prebind); /* takes NULL */

/*
 * Whether the XMPP server failed is known to all processes that share these limits (borrowed), not
 * to this one alone: for plain CGI, where each lives one request (REL-UP-6).
 */
void prebind_share(struct prebind *prebind, struct limit_store *limits);

/*
 * Binds. jid without a resource: the site's `resource` rule decides. Within conf->timeout_ms, and
 * by until_ms (monotonic), when whoever asks must have an answer.
 * STATUS_CHAT_SERVER, STATUS_CHAT_TIMEOUT, STATUS_NO_CHAT_ACCOUNT (no password is kept for that
 * JID); and with err->retry_after: STATUS_UNAVAILABLE (the XMPP server failed so often that it is
 * not asked for a while; without: our database), STATUS_BUSY (too many calls at once),
 * STATUS_SLOW_DOWN (too many for this account). The caller clears *out.
 */
enum status prebind_bind(struct prebind *prebind, const struct jid *jid, int64_t until_ms,
			 struct prebind_session *out, struct error *err);
#define PREBIND_NOBODY_WAITS INT64_MAX                       /* until_ms: conf->timeout_ms is all */
void prebind_session_clear(struct prebind_session *session); /* wipes */

/* What a client that has no use for a BOSH session (WebSocket) logs in with, once. */
struct prebind_credentials {
	char *jid;      /* owned; full, or bare where the server shall choose the resource */
	char *password; /* owned; wiped by prebind_credentials_clear */
};

/*
 * Makes them; nobody is asked. jid: as for prebind_bind. STATUS_NOT_FOUND: this site's way to log
 * in has no one-time passwords. The caller clears *out.
 */
enum status prebind_credentials(struct prebind *prebind, const struct jid *jid,
				struct prebind_credentials *out, struct error *err);
void prebind_credentials_clear(struct prebind_credentials *credentials); /* wipes */

/*
 * Asks every address of the XMPP server whether it would serve us, binding nobody. *said: one
 * sentence on what was found, also on success; the first fault's, where there is one.
 */
enum status prebind_check(struct prebind *prebind, struct error *said);

#endif
