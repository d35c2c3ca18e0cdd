/*
 * Reads and writes the secret file of a WordPress site. The file has the keys that sign the site's
 * cookies, and the name of the login cookie. `prebindctl wordpress import` creates the file. Each
 * line is NAME=VALUE, with the names of wp-config.php. A line that begins with # is a comment.
 */
#ifndef IDENTITY_WORDPRESS_SECRET_H
#define IDENTITY_WORDPRESS_SECRET_H

#include "base/error.h"
#include "base/strbuf.h"

#define WORDPRESS_COOKIE_PREFIX "wordpress_logged_in_" /* followed by COOKIEHASH, an MD5 in hex */

struct wordpress_secret {
	char *key;    /* LOGGED_IN_KEY; owned, like salt; both are wiped before they are freed */
	char *salt;   /* LOGGED_IN_SALT; NULL if key already includes the salt, as in wp_salt() */
	char *cookie; /* LOGGED_IN_COOKIE, the cookie's name; owned; NULL if unknown */
	/* WP_CONFIG, path of the file that the values come from; owned; NULL if unknown */
	char *config;
};

/*
 * Reads the file, and checks it in the same way as every other secret file. Returns
 * STATUS_BAD_REQUEST if a line is unknown, or a key is missing. The caller clears *out.
 */
enum status wordpress_secret_read(const char *file, struct wordpress_secret *out,
				  struct error *err);

/* Appends the contents of the file. Returns STATUS_BAD_REQUEST if a value contains a newline. */
enum status wordpress_secret_write(const struct wordpress_secret *secret, struct strbuf *out,
				   struct error *err);

void wordpress_secret_clear(struct wordpress_secret *secret);

#endif
