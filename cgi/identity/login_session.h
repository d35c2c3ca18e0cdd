/*
 * Provider `login`: our own login form and session cookie. The database holds only a digest of a
 * session's token, so nobody can use a session with a copy of the database.
 */
#ifndef IDENTITY_LOGIN_SESSION_H
#define IDENTITY_LOGIN_SESSION_H

#include <stdbool.h>

#include "identity/identity.h"
#include "store/session.h"

#define LOGIN_ACCOUNT_MAX 255

struct session_life login_session_life(const struct site_conf *conf);

/*
 * Finds the session of the request's cookie if that source made it. Sets user, session and ours of
 * *out. Returns IDENTITY_NONE if there is no session, or it has ended. Returns IDENTITY_BAD if
 * there are several cookies, or the cookie is malformed.
 */
enum identity_verdict login_session_find(const struct identity_context *context, const char *source,
					 struct identity *out, struct error *err);

/*
 * Makes the key under which wrong passwords for that name are counted. Blanks around the name are
 * removed. The name is folded (base/name.h) and cut at LOGIN_ACCOUNT_MAX bytes.
 */
enum status login_name_key(const char *name, char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * Makes the key as login_name_key does, for the text that a user typed. It uses the account's own
 * name, even if the site's query found the account under another spelling. If there is no such
 * user, it uses the typed text. Returns STATUS_UNAVAILABLE if the look-up failed.
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
 * Checks the user's password, with the same work whether the name or the password is wrong. Returns
 * STATUS_BAD_CREDENTIALS if it is wrong, and STATUS_BUSY if too many passwords are being checked.
 * context->req can be NULL here.
 */
enum status login_password_check(const struct identity_context *context, const char *user,
				 const char *password, struct error *err);

/*
 * Checks name and password, with the same work whichever is wrong. If both are right, returns
 * STATUS_OK and the token of a new session. Returns STATUS_BAD_CREDENTIALS if one is wrong, and
 * STATUS_BUSY if too many passwords are being checked. old_token is the browser's earlier session
 * cookie, or NULL.
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
