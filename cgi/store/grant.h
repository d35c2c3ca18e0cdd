/*
 * What a transaction that grants something asks again, and notes, before it does: what was believed
 * before it began may be wrong by now. Only for the files of store/.
 */
#ifndef STORE_GRANT_H
#define STORE_GRANT_H

#include <stdint.h>

#include "store/used_nonce.h"

/*
 * What is over is remembered for so long after its end: longer than any request takes, and enough
 * for a clock that is set back by some minutes.
 */
#define GRANT_MEMORY_S 900

struct connection;

/* used_nonce_add, inside the caller's transaction. */
enum status used_nonce_note(struct connection *db, const struct used_nonce *what,
			    struct error *err);

/* STATUS_BAD_CREDENTIALS: the user's tokens that were made at that time are revoked. */
enum status token_revocation_check(struct connection *db, const char *user, int64_t issued,
				   struct error *err);

#endif
