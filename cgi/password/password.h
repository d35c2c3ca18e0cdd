/*
 * Verifies passwords. At most one check per core runs at a time. Other checks wait for a short time
 * or are refused, so that logins cannot use up the machine. A check for an unknown user takes as
 * much work as for a known user, so that the time does not reveal which users exist.
 */
#ifndef PASSWORD_PASSWORD_H
#define PASSWORD_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"
#include "password/hash.h"

struct password_claim {
	const char *hash; /* if NULL or unusable, the check fails, but takes the same time */
	const char *password;
	bool allow_weak; /* also accept hashes that are fast to compute */
	/*
	 * The site that the hash comes from. A check for an unknown user takes as much work as the
	 * last hash of this site. NULL for our own hashes (argon2id).
	 */
	const char *site;
};

/*
 * Returns STATUS_OK if the password is right, STATUS_BAD_CREDENTIALS if it is wrong, and
 * STATUS_BUSY if the queue is full. The sentence in err is for the log.
 */
enum status password_claim_verify(const struct password_claim *claim, struct error *err);

/*
 * Like password_claim_verify, but for one of our own hashes. hash is NULL or "" if there is no such
 * user.
 */
enum status password_verify(const char *hash, const char *password, struct error *err);

/* Calls secret_password_hash through the same queue, because hashing takes as long as a check. */
enum status password_hash_make(const char *password, char out[SECRET_HASH_MAX], struct error *err);

#endif
