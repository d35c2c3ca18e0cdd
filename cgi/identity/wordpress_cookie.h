/*
 * WordPress's cookie wordpress_logged_in_…, checked as wp_validate_auth_cookie and
 * WP_Session_Tokens do (WordPress 4.0 and later). Its value is "USER|EXPIRATION|TOKEN|HMAC". The
 * HMAC is made with LOGGED_IN_KEY, LOGGED_IN_SALT and a part of the hash of the user's password. So
 * a new password ends the login. The token must be one of the user's sessions, so a log-out ends
 * it, too.
 */
#ifndef IDENTITY_WORDPRESS_COOKIE_H
#define IDENTITY_WORDPRESS_COOKIE_H

#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define WORDPRESS_COOKIE_MAX   2048   /* in bytes, as sent; a name of 60 characters can take 720 */
#define WORDPRESS_HASH_MAX     255    /* wp_users.user_pass */
#define WORDPRESS_SESSIONS_MAX 262144 /* bytes; a session takes about 350 */

struct wordpress_cookie {
	struct strbuf text;     /* wiped; the next four point into it */
	const char *user;       /* as WordPress spells it */
	const char *expiration; /* the text that is signed */
	const char *token;
	const char *mac;
	int64_t ends; /* the same as expiration, in seconds */
};

/*
 * Reads the value as the browser sent it. Returns STATUS_BAD_REQUEST if WordPress cannot have made
 * it. The caller clears *out.
 */
enum status wordpress_cookie_read(const char *value, struct wordpress_cookie *out,
				  struct error *err);
void wordpress_cookie_clear(struct wordpress_cookie *cookie);

/* The data of the cookie's user in the site's tables. */
struct wordpress_user {
	const char *password; /* wp_users.user_pass */
	const char *sessions; /* wp_usermeta.meta_value of session_tokens; NULL if there is none */
};

/*
 * Checks the cookie. key is LOGGED_IN_KEY followed by LOGGED_IN_SALT. now is in seconds. WordPress
 * adds an hour for POST and Ajax requests; this function does not. Returns STATUS_NOT_FOUND if the
 * login is over, or WordPress did not make the cookie. Returns STATUS_BAD_CREDENTIALS if the
 * signature is wrong, but the session still exists. The password has then changed since, or the key
 * is not the site's. Returns STATUS_BAD_REQUEST if the sessions cannot be read.
 */
enum status wordpress_cookie_check(const struct wordpress_cookie *cookie, const char *key,
				   const struct wordpress_user *user, int64_t now,
				   struct error *err);

#endif
