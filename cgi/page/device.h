/*
 * Device cookies. A browser that has logged in to an account gets a device cookie. From then on,
 * its login attempts are counted separately. So an attacker who guesses passwords elsewhere does
 * not lock the owner out. The cookie does not log anyone in. The functions are pure: key and clock
 * are parameters.
 */
#ifndef PAGE_DEVICE_H
#define PAGE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

#define DEVICE_LIFE_S    (180L * 24 * 3600)
#define DEVICE_VALUE_MAX 96 /* ISSUED "." NONCE "." MAC: 12, 22 and 43 characters */

/* Makes a new cookie's value for that account. now is in seconds. */
void device_cookie_make(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			char out[DEVICE_VALUE_MAX]);

/* True if we made the value for that account, and it is not too old. */
bool device_cookie_check(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			 const char *value);

#endif
