/*
 * Device cookies: a browser that has logged in to an account gets one, and from then on its tries
 * are counted for themselves. So whoever guesses at an account from elsewhere does not lock its
 * owner out (SEC-RATE-1). It lets nobody in. Pure: key and clock are parameters.
 */
#ifndef IDENTITY_DEVICE_H
#define IDENTITY_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "identity/cookie_name.h"

#define DEVICE_LIFE_S    (180L * 24 * 3600)
#define DEVICE_VALUE_MAX 96 /* ISSUED "." NONCE "." MAC: 12, 22 and 43 characters */
#define DEVICE_TEXT_MAX  256

void device_cookie_name(const struct site_conf *conf, char out[COOKIE_NAME_MAX]);

/* A new cookie's value for that account. */
void device_cookie_make(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			char out[DEVICE_VALUE_MAX]);

/* Did we make it for that account, not too long ago? */
bool device_cookie_check(const unsigned char key[SECRET_KEY_LEN], const char *account, int64_t now,
			 const char *value);

/* The whole Set-Cookie value. */
void device_cookie_set(const struct site_conf *conf, const char *value, char out[DEVICE_TEXT_MAX]);

#endif
