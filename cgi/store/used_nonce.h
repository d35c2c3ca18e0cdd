/*
 * One-time tokens that were used (xmpp/login_token.h), by their nonces: shared by all processes of
 * a site, and kept for some minutes after the token's own end. Only whoever has the key makes
 * tokens, and none lives longer than LOGIN_TOKEN_LIFE_MAX_S: so the table stays small.
 */
#ifndef STORE_USED_NONCE_H
#define STORE_USED_NONCE_H

#include <stdint.h>

#include "store/store.h"

#define USED_NONCE_PURGE_ROWS 64 /* ended rows deleted with each new one: bounded work */

struct used_nonce {
	const char *nonce;
	int64_t expiry; /* the token's own end: seconds, wall clock */
};

/*
 * Notes the first use; the token is only good when this returned STATUS_OK (committed).
 * STATUS_CONFLICT: it was used before. STATUS_NOT_FOUND: it is over. One clock decides both, asked
 * inside the transaction: what was forgotten because it is over cannot be good again.
 */
enum status used_nonce_add(struct store *store, const struct used_nonce *what, struct error *err);

#endif
