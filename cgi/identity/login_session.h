/*
 * Provider `login`: our own form and our own session cookie (SEC-SESS-1 … 5).
 */
#ifndef IDENTITY_LOGIN_SESSION_H
#define IDENTITY_LOGIN_SESSION_H

#include <stdbool.h>

#include "identity/cookie_name.h"
#include "identity/identity.h"
#include "store/session.h"

#define LOGIN_ACCOUNT_MAX 255

/* The names of the session's cookie and of the login form's; identity/cookie_name.h. */
void login_cookie_name(const struct site_conf *conf, char out[COOKIE_NAME_MAX]);
void login_form_cookie_name(const struct site_conf *conf, char out[COOKIE_NAME_MAX]);

struct session_life login_session_life(const struct site_conf *conf);

/*
 * The session of the request's cookie, if it is of that source: user and session of *out are set.
 * IDENTITY_NONE: there is none, or it is over. IDENTITY_BAD: several cookies, or a malformed one.
 */
enum identity_verdict login_session_find(const struct identity_context *context, const char *source,
					 struct identity *out, struct error *err);

/*
 * The key under which wrong passwords of that name are counted, with blanks around it gone and
 * folded (base/name.h); cut at LOGIN_ACCOUNT_MAX.
 */
enum status login_name_key(const char *name, char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * The same for what a user typed: the key of the account's own name, however the site's query found
 * it, and of the typed text where there is no such user. STATUS_UNAVAILABLE: could not look.
 */
enum status login_account_key(const struct identity_context *context, const char *typed,
			      char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * Is there such a user? STATUS_NOT_FOUND; STATUS_BAD_CREDENTIALS: disabled. context->req may be
 * NULL here.
 */
enum status login_user_check(const struct identity_context *context, const char *user,
			     struct error *err);

/*
 * Is that the user's password? The same work whatever is wrong. STATUS_BAD_CREDENTIALS;
 * STATUS_BUSY: too many passwords are being checked. context->req may be NULL here.
 */
enum status login_password_check(const struct identity_context *context, const char *user,
				 const char *password, struct error *err);

/*
 * Checks name and password, with the same work whatever is wrong: STATUS_OK and a new session's
 * token, or STATUS_BAD_CREDENTIALS. STATUS_BUSY: too many passwords are being checked. old_token:
 * NULL, or the session cookie the browser had.
 */
struct login_attempt {
	const char *user;
	const char *password;
	const char *old_token;
};
enum status login_attempt(const struct identity_context *context,
			  const struct login_attempt *attempt, char token[SESSION_TOKEN_LEN + 1],
			  struct error *err);

/* Whole Set-Cookie values. */
#define LOGIN_COOKIE_TEXT_MAX 256
void login_cookie_set(const struct site_conf *conf, const char *token,
		      char out[LOGIN_COOKIE_TEXT_MAX]);
void login_cookie_expire(const struct site_conf *conf, char out[LOGIN_COOKIE_TEXT_MAX]);
void login_form_cookie_set(const struct site_conf *conf, const char *value,
			   char out[LOGIN_COOKIE_TEXT_MAX]);
void login_form_cookie_expire(const struct site_conf *conf, char out[LOGIN_COOKIE_TEXT_MAX]);

#endif
