/*
 * Device cookies. A browser that has logged in to an account gets a device cookie. The browser's
 * later login attempts are counted separately, so an attacker who guesses passwords elsewhere
 * cannot lock the owner out. The cookie does not log anyone in. The functions have no state: the
 * key and the time are parameters.
 */
#ifndef PAGE_DEVICE_H
#define PAGE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

#define DEVICE_LIFE_S    (180L * 24 * 3600)
#define DEVICE_VALUE_MAX 96 /* ISSUED "." NONCE "." MAC: 12, 22 and 43 characters */

/* Makes the value of a new cookie for the account. `now` is in seconds. */
void device_cookie_make(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			char out[DEVICE_VALUE_MAX]);

/* True if device_cookie_make made the value for this account and it has not expired. */
bool device_cookie_check(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			 const char *value);

#endif
