/*
 * Provider `login`: our own login form and session cookie. The database holds only a digest of a
 * session's token, so a copy of it opens no session.
 */
#ifndef IDENTITY_LOGIN_SESSION_H
#define IDENTITY_LOGIN_SESSION_H

#include <stdbool.h>

#include "identity/identity.h"
#include "store/session.h"

#define LOGIN_ACCOUNT_MAX 255

struct session_life login_session_life(const struct site_conf *conf);

/*
 * Finds the session of the request's cookie if it is of that source; sets user and session of *out.
 * IDENTITY_NONE: there is none, or it has ended. IDENTITY_BAD: there are several cookies, or a
 * malformed one.
 */
enum identity_verdict login_session_find(const struct identity_context *context, const char *source,
					 struct identity *out, struct error *err);

/*
 * Makes the key under which wrong passwords of that name are counted. Blanks around the name are
 * removed, and it is folded (base/name.h) and cut at LOGIN_ACCOUNT_MAX.
 */
enum status login_name_key(const char *name, char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * As login_name_key, for the text that a user typed. It uses the account's own name, even if the
 * site's query found it under another spelling. If there is no such user, it uses the typed text.
 * STATUS_UNAVAILABLE: the look-up failed.
 */
enum status login_account_key(const struct identity_context *context, const char *typed,
			      char out[LOGIN_ACCOUNT_MAX + 1], struct error *err);

/*
 * STATUS_NOT_FOUND: there is no such user. STATUS_BAD_CREDENTIALS: the user is disabled.
 * context->req may be NULL here.
 */
enum status login_user_check(const struct identity_context *context, const char *user,
			     struct error *err);

/*
 * Checks the user's password, with the same work whatever is wrong. STATUS_BAD_CREDENTIALS: it is
 * wrong. STATUS_BUSY: too many passwords are being checked. context->req may be NULL here.
 */
enum status login_password_check(const struct identity_context *context, const char *user,
				 const char *password, struct error *err);

/*
 * Checks name and password, with the same work whatever is wrong. STATUS_OK: a new session exists,
 * and its token is returned. STATUS_BAD_CREDENTIALS: name or password is wrong. STATUS_BUSY: too
 * many passwords are being checked. old_token: NULL, or the browser's earlier session cookie.
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
