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
 * Every token that the user may have by now is good no more, and the sessions of source end, in one
 * transaction, by the clock inside it. The site's clock may be ahead by skew_s: so tokens that say
 * they were made up to then are among them. Rows that no token can be old enough for are dropped.
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
