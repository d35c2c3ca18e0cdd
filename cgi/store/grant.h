/*
 * Checks that a transaction repeats before it grants something: what was true before the
 * transaction began may have changed. Internal to store/.
 */
#ifndef STORE_GRANT_H
#define STORE_GRANT_H

#include <stdint.h>

#include "store/used_nonce.h"

/*
 * Seconds for which an expired token is remembered after its expiry. This is longer than any
 * request takes, and allows for a clock that is set back by some minutes.
 */
#define GRANT_MEMORY_S 900

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
