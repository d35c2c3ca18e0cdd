/*
 * Keys that all processes of a site must share and nobody types in: made at random by the first who
 * asks.
 */
#ifndef STORE_SITE_KEY_H
#define STORE_SITE_KEY_H

#include "base/secret.h"
#include "store/store.h"

/* purpose: "csrf", … */
enum status site_key_get(struct store *store, const char *purpose,
			 unsigned char out[SECRET_KEY_LEN], struct error *err);

#endif
