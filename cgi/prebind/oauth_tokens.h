/*
 * Stores a limited number of valid OAuth tokens in memory, one for each account. Tokens are wiped
 * when they are deleted. Thread-safe. bosh_auth_oauth.c requests the tokens. The caller passes the
 * current time.
 */
#ifndef PREBIND_OAUTH_TOKENS_H
#define PREBIND_OAUTH_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define OAUTH_TOKENS_MAX 256 /* accounts; if full, the token that expires first is replaced */

struct oauth_tokens;

enum status oauth_tokens_new(struct oauth_tokens **out, struct error *err);
void oauth_tokens_free(struct oauth_tokens *tokens); /* NULL is allowed */

/*
 * Appends the account's token to out. Returns false if there is no token that is still valid at
 * now_ms.
 */
bool oauth_tokens_find(struct oauth_tokens *tokens, const char *jid, int64_t now_ms,
		       struct strbuf *out);

/*
 * Stores the token until until_ms (monotonic), in place of the account's old token. If out of
 * memory, does not store the token.
 */
void oauth_tokens_keep(struct oauth_tokens *tokens, const char *jid, const char *token,
		       int64_t until_ms);

/* Deletes this token of the account, unless another token has replaced it meanwhile. */
void oauth_tokens_drop(struct oauth_tokens *tokens, const char *jid, const char *token);

#endif
