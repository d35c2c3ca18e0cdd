/*
 * Keys that all processes of a site share and that no operator configures. The first process that
 * needs a key creates it at random.
 */
#ifndef STORE_SITE_KEY_H
#define STORE_SITE_KEY_H

#include "base/secret.h"
#include "store/store.h"

/* purpose: "csrf" for example. */
enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err);

#endif
