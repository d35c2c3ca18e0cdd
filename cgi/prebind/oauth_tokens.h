/*
 * Valid OAuth tokens by account, in memory. The number is limited, tokens are wiped, access is
 * thread-safe. bosh_auth_oauth.c gets them. Time is a parameter.
 */
#ifndef PREBIND_OAUTH_TOKENS_H
#define PREBIND_OAUTH_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define OAUTH_TOKENS_MAX 256 /* accounts; if there are more, the token that ends first is dropped */

struct oauth_tokens;

enum status oauth_tokens_new(struct oauth_tokens **out, struct error *err);
void oauth_tokens_free(struct oauth_tokens *tokens); /* NULL is allowed */

/* Appends the account's token to out. False: there is none that is valid at now_ms. */
bool oauth_tokens_find(struct oauth_tokens *tokens, const char *jid, int64_t now_ms,
		       struct strbuf *out);

/*
 * Keeps the token until until_ms (monotonic), in place of the account's former one. If memory is
 * short, the token is not kept.
 */
void oauth_tokens_keep(struct oauth_tokens *tokens, const char *jid, const char *token,
		       int64_t until_ms);

/* Forgets the account's token, unless it was replaced by another one. */
void oauth_tokens_drop(struct oauth_tokens *tokens, const char *jid, const char *token);

#endif
