/*
 * Reads the keys, and the values that make the cookie's name, from the text of wp-config.php. It
 * finds define('NAME', 'text') and $table_prefix = 'text'. Nothing is run, so a value that PHP
 * would compute is not known. Pure.
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
	char *values[WORDPRESS_N_NAMES];     /* owned and wiped; NULL if missing or not known */
	bool is_computed[WORDPRESS_N_NAMES]; /* true if it is there, but not as a plain text */
};

/* Returns STATUS_BAD_REQUEST if the text is not PHP. The caller clears *out. */
enum status wordpress_config_read(const char *text, struct wordpress_config *out,
				  struct error *err);
void wordpress_config_clear(struct wordpress_config *config);

const char *wordpress_name_text(enum wordpress_name name);

/*
 * Returns the key or the salt that wp_salt() takes from the file. name is WORDPRESS_LOGGED_IN_KEY
 * or WORDPRESS_LOGGED_IN_SALT. Returns NULL if WordPress takes it from its options instead. It does
 * so if the file has no value, the sample value of wp-config-sample.php, or the same value for two
 * names.
 */
const char *wordpress_config_key(const struct wordpress_config *config, enum wordpress_name name);

#endif
