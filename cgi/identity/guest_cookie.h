/*
 * A guest is stored only in a cookie that lasts for the browser session. The cookie holds a random
 * ID, the name that the guest typed, and our MAC. The server stores nothing, and no visitor can
 * pretend to be another guest. Each site has its own key for the MAC, so the cookie of another site
 * is refused. Pure: key and clock are parameters.
 */
#ifndef IDENTITY_GUEST_COOKIE_H
#define IDENTITY_GUEST_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

#define GUEST_ID_BYTES 8
#define GUEST_ID_LEN   (2 * GUEST_ID_BYTES) /* in hex */
#define GUEST_NAME_MAX 80                   /* in bytes; room for forty letters of most scripts */
/* in bytes; ISSUED "." ID "." NAME "." MAC: 12, 16, 107 and 43 characters */
#define GUEST_VALUE_MAX 200

struct guest {
	int64_t issued; /* in seconds since 1970 */
	char id[GUEST_ID_LEN + 1];
	char name[GUEST_NAME_MAX + 1]; /* "" if the guest gave no name */
};

/* Makes a new guest with a random ID. `now` is in seconds since 1970. */
void guest_begin(struct guest *guest, int64_t now);

/*
 * Sets the name that a guest typed; "" or NULL means no name. Returns STATUS_BAD_REQUEST if the
 * name is too long, or has invisible characters.
 */
enum status guest_name_set(struct guest *guest, const char *name, struct error *err);

/* Writes the value of the cookie to out. Returns false if out of memory. */
bool guest_cookie_make(const unsigned char key[SECRET_KEY_LEN], const struct guest *guest,
		       char out[GUEST_VALUE_MAX]);

/*
 * Reads a guest from the cookie's value. Returns false if prebind did not make the value, or if it
 * is older than life_s seconds.
 */
bool guest_cookie_read(const unsigned char key[SECRET_KEY_LEN], const char *value, int64_t now,
		       long life_s, struct guest *out);

#endif
