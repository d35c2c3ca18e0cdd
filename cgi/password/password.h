/*
 * Verifies passwords. At most one check for each core runs at a time. The others wait for a short
 * time or are refused, so that logins cannot use up the machine. An unknown user costs the same
 * work as a known one, so that the time does not tell them apart.
 */
#ifndef PASSWORD_PASSWORD_H
#define PASSWORD_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"
#include "password/hash.h"

struct password_claim {
	const char *hash; /* if NULL or unusable, the check takes the same time and fails */
	const char *password;
	bool allow_weak; /* hashes of one fast digest are accepted, too */
	/*
	 * The site that the hash belongs to. A check for an unknown user of the site takes as much
	 * work as the last hash of the site. NULL for our own hashes (argon2id).
	 */
	const char *site;
};

/*
 * Returns STATUS_OK if the password is right, STATUS_BAD_CREDENTIALS if it is wrong, and
 * STATUS_BUSY if the queue is full. err is for the log.
 */
enum status password_claim_verify(const struct password_claim *claim, struct error *err);

/*
 * As password_claim_verify, for one of our own hashes. hash is NULL or "" if there is no such user.
 */
enum status password_verify(const char *hash, const char *password, struct error *err);

/* Calls secret_password_hash in the same queue, because it takes as long as a check. */
enum status password_hash_make(const char *password, char out[SECRET_HASH_MAX], struct error *err);

#endif
