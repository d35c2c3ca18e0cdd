/*
 * Provider `token`: the site names the logged-in user in a signed token. The token may be in a
 * cookie that the site sets, which is valid until the token ends. Or the site's page posts it in a
 * form to /login; it is then valid once and starts a session of ours.
 */
#ifndef IDENTITY_TOKEN_H
#define IDENTITY_TOKEN_H

#include "identity/identity.h"
#include "identity/token_text.h"
#include "store/session.h"

#define TOKEN_ONCE_LIFE_MAX_S                                                                      \
	600 /* used tokens are remembered for this time, and a form is posted at once */

/* True if the site uses provider token, and a page may post tokens. */
bool token_may_be_posted(const struct site_conf *conf);

/*
 * Turns a posted token into a session. STATUS_BAD_CREDENTIALS: it is invalid, expired, revoked or
 * already used. old_token: NULL, or the browser's earlier session cookie. *user: the user's name
 * for the log, which the caller frees; NULL: unknown.
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
 * Reads the site's keys and rules for one check. The caller clears *keys, from which the rules
 * borrow.
 */
enum status token_rules_read(const struct site_conf *conf, struct token_keys *keys,
			     struct token_rules *rules, struct error *err);

#endif
