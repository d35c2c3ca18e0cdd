/*
 * From when on a user's tokens are good (SEC-AUTH-12): a row for whoever was logged out everywhere
 * by `prebindctl token revoke`.
 */
#ifndef STORE_TOKEN_REVOCATION_H
#define STORE_TOKEN_REVOCATION_H

#include <stdint.h>

#include "store/store.h"

/* Seconds, wall clock; 0: never revoked. */
enum status token_revocation_find(struct store *store, const char *user, int64_t *min_iat,
				  struct error *err);

/*
 * Tokens issued before min_iat are good no more, and the sessions of source end, in one
 * transaction. Rows from before forget go: no token is so old.
 */
struct token_revocation {
	const char *source;
	const char *user;
	int64_t min_iat;
	int64_t forget;
};
enum status token_revoke(struct store *store, const struct token_revocation *what,
			 struct error *err);

#endif
