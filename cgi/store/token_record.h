/*
 * The time from which a user's tokens are valid. A user has a row after `prebindctl token revoke`
 * logged the user out everywhere; without it, a token stays valid until it expires.
 */
#ifndef STORE_TOKEN_RECORD_H
#define STORE_TOKEN_RECORD_H

#include <stdint.h>

#include "store/store.h"

/* *min_iat: seconds, wall clock; 0: never revoked. */
enum status token_revocation_find(struct store *store, const char *user, int64_t *min_iat,
				  struct error *err);

/*
 * Revokes every token that the user may have now, and ends the user's sessions of `source`, in one
 * transaction and by the clock inside it. The site's clock may be ahead by skew_s, so tokens issued
 * up to then are revoked too. Rows older than any valid token are deleted.
 */
struct token_revocation {
	const char *source;
	const char *user;
	int64_t skew_s;
	int64_t life_s; /* no token lives longer */
};
enum status token_revoke(struct store *store, const struct token_revocation *what,
			 struct error *err);

#endif
