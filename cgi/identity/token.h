/*
 * Provider `token`: the site names the logged-in user in a signed token. The site can set the token
 * as a cookie, which is valid until the token expires. Alternatively, a page of the site posts the
 * token to /login in a form. A posted token is valid once and starts a login session of prebind.
 */
#ifndef IDENTITY_TOKEN_H
#define IDENTITY_TOKEN_H

#include "identity/identity.h"
#include "identity/token_text.h"
#include "store/session.h"

#define TOKEN_ONCE_LIFE_MAX_S                                                                      \
	600 /* in seconds; longest life of a posted token; a used token is recorded for this time */

/*
 * Returns true if the site uses provider `token`, and has origins whose pages are allowed to post
 * tokens.
 */
bool token_may_be_posted(const struct site_conf *conf);

/*
 * Turns a posted token into a login session. Returns STATUS_BAD_CREDENTIALS if the token is
 * invalid, expired, revoked or already used. old_token is the value of the browser's session cookie
 * before this login, or NULL. Sets *user to the user's name for the log, or to NULL if the name is
 * unknown. The caller frees *user.
 */
struct token_handover {
	const char *text;
	const char *old_token;
};
enum status token_session_create(const struct identity_context *context,
				 const struct token_handover *what,
				 char session[SESSION_TOKEN_LEN + 1], char **user,
				 struct error *err);

/*
 * Reads the site's keys and rules for one check of a token. The rules point into *keys, which the
 * caller clears.
 */
enum status token_rules_read(const struct site_conf *conf, struct token_keys *keys,
			     struct token_rules *rules, struct error *err);

#endif
