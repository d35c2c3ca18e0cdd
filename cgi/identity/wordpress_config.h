/*
 * Reads the keys, and what makes the cookie's name, out of the text of wp-config.php. It finds
 * define('NAME', 'text') and $table_prefix = 'text'. Nothing is run: a value that PHP would compute
 * is not known. Pure.
 */
#ifndef IDENTITY_WORDPRESS_CONFIG_H
#define IDENTITY_WORDPRESS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum wordpress_name {
	WORDPRESS_AUTH_KEY,
	WORDPRESS_AUTH_SALT,
	WORDPRESS_SECURE_AUTH_KEY,
	WORDPRESS_SECURE_AUTH_SALT,
	WORDPRESS_LOGGED_IN_KEY,
	WORDPRESS_LOGGED_IN_SALT,
	WORDPRESS_NONCE_KEY,
	WORDPRESS_NONCE_SALT,
	WORDPRESS_SECRET_KEY,
	WORDPRESS_SECRET_SALT,
	WORDPRESS_N_KEYS, /* the names before this one are keys */
	WORDPRESS_COOKIEHASH = WORDPRESS_N_KEYS,
	WORDPRESS_LOGGED_IN_COOKIE,
	WORDPRESS_SITEURL,
	WORDPRESS_MULTISITE,
	WORDPRESS_TABLE_PREFIX,
	WORDPRESS_N_NAMES
};

struct wordpress_config {
	char *values[WORDPRESS_N_NAMES];     /* owned and wiped; NULL: not there, or not known */
	bool is_computed[WORDPRESS_N_NAMES]; /* it is there, but not as a text */
};

/* STATUS_BAD_REQUEST: it is not PHP. The caller clears *out. */
enum status wordpress_config_read(const char *text, struct wordpress_config *out,
				  struct error *err);
void wordpress_config_clear(struct wordpress_config *config);

const char *wordpress_name_text(enum wordpress_name name);

/*
 * Returns the key or the salt that wp_salt() takes from the file; name: WORDPRESS_LOGGED_IN_KEY or
 * WORDPRESS_LOGGED_IN_SALT. NULL: WordPress takes it from its options, because the file has none,
 * or the one of wp-config-sample.php, or the same twice.
 */
const char *wordpress_config_key(const struct wordpress_config *config, enum wordpress_name name);

#endif
