/*
 * Reads the keys, and the values that make the cookie's name, from the text of wp-config.php. It
 * finds define('NAME', 'text') and $table_prefix = 'text'. It runs no PHP, so a value that PHP
 * would compute stays unknown. Pure.
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
	WORDPRESS_N_KEYS, /* the names above are the names of keys */
	WORDPRESS_COOKIEHASH = WORDPRESS_N_KEYS,
	WORDPRESS_LOGGED_IN_COOKIE,
	WORDPRESS_SITEURL,
	WORDPRESS_MULTISITE,
	WORDPRESS_TABLE_PREFIX,
	WORDPRESS_N_NAMES
};

struct wordpress_config {
	/* owned, wiped before they are freed; NULL if missing or unknown */
	char *values[WORDPRESS_N_NAMES];
	/* true if the value is set, but not as a plain string */
	bool is_computed[WORDPRESS_N_NAMES];
};

/* Reads the text. Returns STATUS_BAD_REQUEST if it is not PHP. The caller clears *out. */
enum status wordpress_config_read(const char *text, struct wordpress_config *out,
				  struct error *err);
void wordpress_config_clear(struct wordpress_config *config);

const char *wordpress_name_text(enum wordpress_name name);

/*
 * Returns the value of LOGGED_IN_KEY or LOGGED_IN_SALT if WordPress's wp_salt() uses the value in
 * the file. `name` says which of the two. Returns NULL if WordPress takes the value from its
 * options table instead. WordPress does so if the file has no value, the sample value of
 * wp-config-sample.php, or the same value for two names.
 */
const char *wordpress_config_key(const struct wordpress_config *config, enum wordpress_name name);

#endif
