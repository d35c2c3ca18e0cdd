/*
 * WordPress's cookie wordpress_logged_in_…, checked as wp_validate_auth_cookie and
 * WP_Session_Tokens do (WordPress 4.0 and later). Its value is "USER|EXPIRATION|TOKEN|HMAC". The
 * HMAC is made with LOGGED_IN_KEY, LOGGED_IN_SALT and a part of the user's password hash, so a new
 * password ends the login. TOKEN must identify one of the user's sessions, so a log-out also ends
 * the login.
 */
#ifndef IDENTITY_WORDPRESS_COOKIE_H
#define IDENTITY_WORDPRESS_COOKIE_H

#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define WORDPRESS_COOKIE_MAX 2048 /* in bytes, as sent; a 60-character name can take 720 */
#define WORDPRESS_HASH_MAX   255  /* bytes of wp_users.user_pass */
/* bytes of the user's list of sessions; a session takes about 350 */
#define WORDPRESS_SESSIONS_MAX 262144

struct wordpress_cookie {
	struct strbuf text;     /* wiped before it is freed; the next four members point into it */
	const char *user;       /* as WordPress spells it */
	const char *expiration; /* as text, because the signature covers the text */
	const char *token;
	const char *mac;
	int64_t ends; /* the time of `expiration`, in seconds since 1970 */
};

/*
 * Reads the value as the browser sent it. Returns STATUS_BAD_REQUEST if WordPress cannot have made
 * the value. The caller clears *out.
 */
enum status wordpress_cookie_read(const char *value, struct wordpress_cookie *out,
				  struct error *err);
void wordpress_cookie_clear(struct wordpress_cookie *cookie);

/* The data in the site's tables about the user whom the cookie names. */
struct wordpress_user {
	const char *password; /* the hash from wp_users.user_pass */
	/* wp_usermeta.meta_value for the key session_tokens; NULL if there is none */
	const char *sessions;
};

/*
 * Checks the cookie. `key` is LOGGED_IN_KEY followed by LOGGED_IN_SALT. `now` is in seconds since
 * 1970. WordPress accepts a cookie for one more hour in POST and Ajax requests; this function does
 * not. Returns STATUS_NOT_FOUND if the login has ended, or WordPress did not make the cookie.
 * Returns STATUS_BAD_CREDENTIALS if the signature is wrong, but the session still exists. In that
 * case the user has changed the password, or the key is not the site's. Returns STATUS_BAD_REQUEST
 * if the sessions cannot be read.
 */
enum status wordpress_cookie_check(const struct wordpress_cookie *cookie, const char *key,
				   const struct wordpress_user *user, int64_t now,
				   struct error *err);

#endif
