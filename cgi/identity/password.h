/*
 * Verifying passwords: at most one check a core at a time, the rest wait a little or are turned
 * away (SEC-HASH-4), and the same work for an unknown user as for a known one (SEC-AUTH-3).
 */
#ifndef IDENTITY_PASSWORD_H
#define IDENTITY_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"
#include "identity/password_hash.h"

struct password_claim {
	const char *hash; /* NULL, or nothing that can be verified: works as long, and is refused */
	const char *password;
	bool allow_weak; /* hashes of one fast digest, too */
	/*
	 * Whose hashes these are, a site's name: as much work as its last one took is done for
	 * users whom nobody knows. NULL: ours, argon2id.
	 */
	const char *place;
};

/*
 * STATUS_OK, STATUS_BAD_CREDENTIALS; STATUS_BUSY: the queue is full. The sentence is for the log.
 */
enum status password_claim_verify(const struct password_claim *claim, struct error *err);

/* The same for a hash of ours. hash NULL or "": there is no such user. */
enum status password_verify(const char *hash, const char *password, struct error *err);

/* secret_password_hash in the same queue: it takes as long. */
enum status password_hash_make(const char *password, char out[SECRET_HASH_MAX], struct error *err);

#endif
