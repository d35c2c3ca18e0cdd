/*
 * What the database records about tokens. All processes of a site share it.
 *
 * Nonces of one-time tokens that were used (xmpp/login_token.h) are kept for some minutes after the
 * token expires. They stay few, because only holders of the key make tokens, and no token lives
 * longer than LOGIN_TOKEN_LIFE_MAX_S.
 *
 * A user has a time from which tokens are valid after `prebindctl token revoke` logged the user out
 * everywhere. Without it, a token stays valid until it expires.
 */
#ifndef STORE_TOKEN_RECORD_H
#define STORE_TOKEN_RECORD_H

#include <stdint.h>

#include "store/store.h"

/*
 * Seconds for which an expired token is remembered after its expiry. This is longer than any
 * request takes, and allows for a clock that is set back by some minutes.
 */
#define TOKEN_MEMORY_S 900

/* ---- used once ---- */

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

/* ---- revoked ---- */

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

/*
 * ---- for the other files of store/: what was true before a transaction began may have changed, so
 * a transaction checks again before it grants something ----
 */

struct connection;

/* Does the same as used_nonce_add, inside the caller's transaction. */
enum status used_nonce_note(struct connection *db, const struct used_nonce *what,
			    struct error *err);

/*
 * STATUS_BAD_CREDENTIALS: the user's tokens issued at that time are revoked. issued: seconds, wall
 * clock.
 */
enum status token_revocation_check(struct connection *db, const char *user, int64_t issued,
				   struct error *err);

#endif
