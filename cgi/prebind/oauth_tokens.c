/*
 * The tokens are in an array with a lock. The search is linear, because 256 comparisons take very
 * little time compared with a log-in.
 */
#include "prebind/oauth_tokens.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct slot {
	char *jid;   /* owned; NULL if the slot is free */
	char *token; /* owned */
	int64_t until_ms;
};

struct oauth_tokens {
	pthread_mutex_t lock;
	struct slot slots[OAUTH_TOKENS_MAX];
};

enum status oauth_tokens_new(struct oauth_tokens **out, struct error *err)
{
	struct oauth_tokens *tokens = calloc(1, sizeof(*tokens));

	if (tokens == NULL)
		return error_no_memory(err);
	pthread_mutex_init(&tokens->lock, NULL);
	*out = tokens;
	return STATUS_OK;
}

static void slot_clear(struct slot *slot)
{
	free(slot->jid);
	secret_free(slot->token);
	*slot = (struct slot){0};
}

void oauth_tokens_free(struct oauth_tokens *tokens)
{
	if (tokens == NULL)
		return;
	for (size_t i = 0; i < OAUTH_TOKENS_MAX; i++)
		slot_clear(&tokens->slots[i]);
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

static struct slot *slot_of(struct oauth_tokens *tokens, const char *jid)
{
	for (size_t i = 0; i < OAUTH_TOKENS_MAX; i++)
		if (tokens->slots[i].jid != NULL && strcmp(tokens->slots[i].jid, jid) == 0)
			return &tokens->slots[i];
	return NULL;
}

/* Returns a free slot, or the slot whose token expires first. */
static struct slot *slot_to_fill(struct oauth_tokens *tokens)
{
	struct slot *first = &tokens->slots[0];

	for (size_t i = 0; i < OAUTH_TOKENS_MAX; i++) {
		struct slot *slot = &tokens->slots[i];

		if (slot->jid == NULL)
			return slot;
		if (slot->until_ms < first->until_ms)
			first = slot;
	}
	return first;
}

bool oauth_tokens_find(struct oauth_tokens *tokens, const char *jid, int64_t now_ms,
		       struct strbuf *out)
{
	struct slot *slot;
	bool found = false;

	pthread_mutex_lock(&tokens->lock);
	slot = slot_of(tokens, jid);
	if (slot != NULL && slot->until_ms > now_ms) {
		strbuf_adds(out, slot->token);
		found = strbuf_ok(out);
	} else if (slot != NULL) {
		slot_clear(slot);
	}
	pthread_mutex_unlock(&tokens->lock);
	return found;
}

void oauth_tokens_keep(struct oauth_tokens *tokens, const char *jid, const char *token,
		       int64_t until_ms)
{
	struct slot filled = {.jid = strdup(jid), .token = strdup(token), .until_ms = until_ms};
	struct slot *slot;

	if (filled.jid == NULL || filled.token == NULL) {
		slot_clear(&filled);
		return;
	}
	pthread_mutex_lock(&tokens->lock);
	slot = slot_of(tokens, jid);
	if (slot == NULL)
		slot = slot_to_fill(tokens);
	slot_clear(slot);
	*slot = filled;
	pthread_mutex_unlock(&tokens->lock);
}

void oauth_tokens_drop(struct oauth_tokens *tokens, const char *jid, const char *token)
{
	struct slot *slot;

	pthread_mutex_lock(&tokens->lock);
	slot = slot_of(tokens, jid);
	if (slot != NULL && strcmp(slot->token, token) == 0)
		slot_clear(slot);
	pthread_mutex_unlock(&tokens->lock);
}
