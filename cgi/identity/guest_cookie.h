/*
 * A guest, as stored in a cookie that lasts for the browser session: a random id, the name that the
 * guest typed, and our MAC. So nothing is stored on the server, and nobody can take another guest's
 * place. Each site has its own key for the MAC, so the cookie of another site is refused. Pure: key
 * and clock are parameters.
 */
#ifndef IDENTITY_GUEST_COOKIE_H
#define IDENTITY_GUEST_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

#define GUEST_ID_BYTES  8
#define GUEST_ID_LEN    (2 * GUEST_ID_BYTES) /* in hex */
#define GUEST_NAME_MAX  80                   /* bytes: forty letters of most scripts */
#define GUEST_VALUE_MAX 200 /* ISSUED "." ID "." NAME "." MAC: 12, 16, 107 and 43 characters */

struct guest {
	int64_t issued; /* seconds */
	char id[GUEST_ID_LEN + 1];
	char name[GUEST_NAME_MAX + 1]; /* "" for none */
};

/* Begins a guest with a new random id. now is in seconds. */
void guest_begin(struct guest *guest, int64_t now);

/*
 * Sets the name that a guest has typed; "" or NULL means no name. Returns STATUS_BAD_REQUEST if the
 * name is too long, or has characters that cannot be seen.
 */
enum status guest_name_set(struct guest *guest, const char *name, struct error *err);

/* Makes the cookie's value. Returns false if out of memory. */
bool guest_cookie_make(const unsigned char key[SECRET_KEY_LEN], const struct guest *guest,
		       char out[GUEST_VALUE_MAX]);

/* Returns false if prebind did not make this value, or if it is older than life_s. */
bool guest_cookie_read(const unsigned char key[SECRET_KEY_LEN], const char *value, int64_t now,
		       long life_s, struct guest *out);

#endif
