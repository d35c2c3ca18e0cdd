/*
 * One-time tokens that were used (xmpp/login_token.h), by their nonces: shared by all processes of
 * a site, kept until the token ends by itself. Only whoever has the key makes tokens, and none
 * lives longer than LOGIN_TOKEN_LIFE_MAX_S: so the table stays as small as ten minutes' log-ins.
 */
#ifndef STORE_USED_NONCE_H
#define STORE_USED_NONCE_H

#include <stdint.h>

#include "store/store.h"

#define USED_NONCE_PURGE_ROWS 64 /* ended rows deleted with each new one: bounded work */

/*
 * Notes the first use; the token is only good when this returned STATUS_OK (committed).
 * STATUS_CONFLICT: it was used before. Seconds, wall clock.
 */
enum status used_nonce_add(struct store *store, const char *nonce, int64_t expiry, int64_t now,
			   struct error *err);

#endif
