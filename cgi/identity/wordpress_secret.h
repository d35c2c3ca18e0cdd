/*
 * The secret file of a WordPress site: the keys that sign its cookies, and the cookie's name.
 * `prebindctl wordpress import` writes it. Each line is NAME=VALUE; the names are those of
 * wp-config.php. A line that begins with # is a comment.
 */
#ifndef IDENTITY_WORDPRESS_SECRET_H
#define IDENTITY_WORDPRESS_SECRET_H

#include "base/error.h"
#include "base/strbuf.h"

#define WORDPRESS_COOKIE_PREFIX "wordpress_logged_in_" /* an MD5 in hex follows (COOKIEHASH) */

struct wordpress_secret {
	char *key;    /* LOGGED_IN_KEY; owned and wiped, as is salt */
	char *salt;   /* LOGGED_IN_SALT; NULL if it is a part of key, as in wp_salt() */
	char *cookie; /* LOGGED_IN_COOKIE, the cookie's name; owned; NULL if not known */
	char *config; /* WP_CONFIG, the file that the values are from; owned; NULL if not known */
};

/*
 * Reads the file, with the same checks as every secret file. Returns STATUS_BAD_REQUEST if a line
 * is unknown, or a key is missing. The caller clears *out.
 */
enum status wordpress_secret_read(const char *file, struct wordpress_secret *out,
				  struct error *err);

/* Appends the file's text. Returns STATUS_BAD_REQUEST if a value has a newline in it. */
enum status wordpress_secret_write(const struct wordpress_secret *secret, struct strbuf *out,
				   struct error *err);

void wordpress_secret_clear(struct wordpress_secret *secret);

#endif
