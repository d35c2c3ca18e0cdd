/*
 * Nonces of one-time tokens that were used (xmpp/login_token.h). All processes of a site share
 * them. They are kept for some minutes after the token expires. The table stays small: only holders
 * of the key make tokens, and no token lives longer than LOGIN_TOKEN_LIFE_MAX_S.
 */
#ifndef STORE_USED_NONCE_H
#define STORE_USED_NONCE_H

#include <stdint.h>

#include "store/store.h"

#define USED_NONCE_PURGE_ROWS 64 /* expired rows deleted per new one: bounded work */

struct used_nonce {
	const char *nonce;
	int64_t expiry; /* expiry of the token: seconds, wall clock */
};

/*
 * Records the first use. The token is good only after STATUS_OK (committed). STATUS_CONFLICT: it
 * was used before. STATUS_NOT_FOUND: it has expired. One clock, read inside the transaction,
 * decides both: a nonce is only forgotten after its token has expired.
 */
enum status used_nonce_add(struct store *store, const struct used_nonce *what, struct error *err);

#endif
