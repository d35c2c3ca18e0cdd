/*
 * Provider `login`: our own login form and session cookie. The database holds only a digest of a
 * session's token, so a stolen copy of the database gives nobody a session.
 */
#ifndef IDENTITY_LOGIN_SESSION_H
#define IDENTITY_LOGIN_SESSION_H

#include <stdbool.h>

#include "identity/identity.h"
#include "store/session.h"

#define LOGIN_ACCOUNT_MAX 255

struct session_life login_session_life(const struct site_conf *conf);

/*
 * Finds the session that the request's cookie identifies, if provider `source` created it. Sets
 * out->user, out->session and out->ours. Returns IDENTITY_NONE if there is no session, or it has
 * ended. Returns IDENTITY_BAD if the request has several session cookies, or a malformed one.
 */
enum identity_verdict login_session_find(const struct identity_context *context, const char *source,
					 struct identity *out, struct error *err);

/*
 * Makes the key under which wrong passwords for the name are counted. The key is the folded name
 * (base/name.h) without spaces around it, cut off at LOGIN_ACCOUNT_MAX bytes.
 */
enum status login_name_key(const char *name, char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * Like login_name_key, but for the string that a user typed. If the string belongs to a user, the
 * key is made from the name in that user's row, which can differ from the string. Otherwise the key
 * is made from the typed string. Returns STATUS_UNAVAILABLE if the look-up failed.
 */
enum status login_account_key(const struct identity_context *context, const char *typed,
			      char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * Checks that the user exists and is not disabled. Returns STATUS_NOT_FOUND if there is no such
 * user, and STATUS_BAD_CREDENTIALS if the user is disabled. context->req can be NULL here.
 */
enum status login_user_check(const struct identity_context *context, const char *user,
			     struct error *err);

/*
 * Checks the user's password. A wrong name takes the same work as a wrong password. Returns
 * STATUS_BAD_CREDENTIALS if either is wrong, and STATUS_BUSY if too many password checks are in
 * progress. context->req can be NULL here.
 */
enum status login_password_check(const struct identity_context *context, const char *user,
				 const char *password, struct error *err);

/*
 * Checks name and password. A wrong name takes the same work as a wrong password. If both are
 * right, returns STATUS_OK and the token of a new session. Returns STATUS_BAD_CREDENTIALS if either
 * is wrong, and STATUS_BUSY if too many password checks are in progress. old_token is the value of
 * the browser's session cookie before this login, or NULL.
 */
struct login_attempt {
	const char *user;
	const char *password;
	const char *old_token;
};
enum status login_attempt(const struct identity_context *context,
			  const struct login_attempt *attempt, char token[SESSION_TOKEN_LEN + 1],
			  struct error *err);

#endif
