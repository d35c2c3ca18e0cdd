/*
 * OAuth tokens that are still good, by account, in memory: bounded, wiped, thread-safe. Who issues
 * them is bosh_auth_oauth.c's business. Time is given to it.
 */
#ifndef PREBIND_OAUTH_TOKENS_H
#define PREBIND_OAUTH_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define OAUTH_TOKENS_MAX 256 /* accounts; of more, the one that ends first is asked for again */

struct oauth_tokens;

enum status oauth_tokens_new(struct oauth_tokens **out, struct error *err);
void oauth_tokens_free(struct oauth_tokens *tokens); /* takes NULL */

/* Appends the account's token to out, if there is one that is good at now_ms. */
bool oauth_tokens_find(struct oauth_tokens *tokens, const char *jid, int64_t now_ms,
		       struct strbuf *out);

/* Keeps it until then, in place of the account's former one. Out of memory it is not kept. */
void oauth_tokens_keep(struct oauth_tokens *tokens, const char *jid, const char *token,
		       int64_t until_ms);

/* Forgets the account's token, unless it is another one by now. */
void oauth_tokens_drop(struct oauth_tokens *tokens, const char *jid, const char *token);

#endif
