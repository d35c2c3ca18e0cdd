/*
 * Provider `token`: the site says in a signed token who is logged in. Either in a cookie that it
 * sets, good until the token ends; or in a form that its page posts to /login, good once, for a
 * session of ours.
 */
#ifndef IDENTITY_TOKEN_H
#define IDENTITY_TOKEN_H

#include "identity/identity.h"
#include "identity/token_text.h"
#include "store/session.h"

#define TOKEN_ONCE_LIFE_MAX_S                                                                      \
	600 /* used ones are remembered so long, and a form is posted at once */

/* Is provider token one of the site's, and may a page post tokens? */
bool token_may_be_posted(const struct site_conf *conf);

/*
 * A posted token becomes a session. STATUS_BAD_CREDENTIALS: it does not hold, is over, revoked, or
 * was used before. old_token: NULL, or the session cookie that the browser had. *user: whoever it
 * was, for the log, the caller frees it; NULL: nobody knows.
 */
struct token_handover {
	const char *text;
	const char *old_token;
};
enum status token_session_create(const struct identity_context *context,
				 const struct token_handover *what,
				 char session[SESSION_TOKEN_LEN + 1], char **user,
				 struct error *err);

/* The site's keys and rules, for one look; the caller clears *keys, which the rules borrow. */
enum status token_rules_read(const struct site_conf *conf, struct token_keys *keys,
			     struct token_rules *rules, struct error *err);

#endif
