/*
 * Counts login attempts for an account (key limit_login). The login form and the XMPP server share
 * the count, so that nobody gets twice as many guesses.
 */
#ifndef IDENTITY_LOGIN_COUNT_H
#define IDENTITY_LOGIN_COUNT_H

#include <stdint.h>

#include "store/limit.h"

/* One login attempt. All pointers are borrowed. */
struct login_count {
	struct limit_store *limits;
	const struct site_conf *conf;
	const char *account; /* made by login_account_key or login_name_key */
	/* the device cookie, whose attempts are counted separately; NULL if there is none */
	const char *device;
	int64_t now; /* in seconds */
};

/*
 * Counts the attempt. Call it before the password check, so that parallel attempts are all counted.
 * If it returns STATUS_SLOW_DOWN, err->retry_after is set.
 */
enum status login_count_begin(const struct login_count *count, struct error *err);

/* Removes the attempt from the count, unless `outcome` is STATUS_BAD_CREDENTIALS. */
void login_count_end(const struct login_count *count, enum status outcome);

#endif
