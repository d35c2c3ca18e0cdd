/*
 * What the database records about tokens. All processes of a site share it.
 *
 * The nonces of used one-time tokens (xmpp/login_token.h) are kept for some minutes after the token
 * expires. There are only a few of them, because only holders of the key make tokens, and no token
 * is valid longer than LOGIN_TOKEN_LIFE_MAX_S.
 *
 * `prebindctl token revoke` logs a user out everywhere. It records a time for the user, and only
 * tokens issued after that time are valid. Without a recorded time, a token is valid until it
 * expires.
 */
#ifndef STORE_TOKEN_RECORD_H
#define STORE_TOKEN_RECORD_H

#include <stdint.h>

#include "store/store.h"

/*
 * How many seconds the nonce of an expired token is kept. This is longer than any request takes. It
 * also allows for a clock that is set back by some minutes.
 */
#define TOKEN_MEMORY_S 900

/* ---- one-time tokens that were used ---- */

#define USED_NONCE_PURGE_ROWS 64 /* expired rows deleted per new row, to bound the work */

struct used_nonce {
	const char *nonce;
	int64_t expiry; /* when the token expires: seconds, wall clock */
};

/*
 * Records the first use of a one-time token. The token is accepted only after STATUS_OK
 * (committed). Returns STATUS_CONFLICT if the token was used before, and STATUS_NOT_FOUND if it has
 * expired. Both checks use the same clock, read inside the transaction, so no nonce is deleted
 * before its token has expired.
 */
enum status used_nonce_add(struct store *store, const struct used_nonce *what, struct error *err);

/* ---- revoked tokens ---- */

/* *min_iat is in seconds, wall clock; 0 if tokens were never revoked. */
enum status token_revocation_find(struct store *store, const char *user, int64_t *min_iat,
				  struct error *err);

/*
 * Revokes every token that the user can have now, and ends the user's sessions of `source`. One
 * transaction does both and also reads the time. The site's clock can be ahead by skew_s, so tokens
 * issued up to skew_s from now are revoked too. Also deletes rows that are older than any valid
 * token.
 */
struct token_revocation {
	const char *source;
	const char *user;
	int64_t skew_s;
	int64_t life_s; /* the longest time that a token is valid */
};
enum status token_revoke(struct store *store, const struct token_revocation *what,
			 struct error *err);

/*
 * ---- for the other files of store/ ----
 *
 * Data that was checked before a transaction can change before the transaction begins. So a
 * transaction checks this data again before it creates a session.
 */

struct connection;

/* Does the same as used_nonce_add, inside the caller's transaction. */
enum status used_nonce_note(struct connection *db, const struct used_nonce *what,
			    struct error *err);

/*
 * Returns STATUS_BAD_CREDENTIALS if the user's tokens from the time `issued` are revoked. `issued`
 * is in seconds, wall clock.
 */
enum status token_revocation_check(struct connection *db, const char *user, int64_t issued,
				   struct error *err);

#endif
