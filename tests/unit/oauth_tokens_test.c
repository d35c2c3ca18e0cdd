/*
 * The table of OAuth tokens: found until their end, one for each account, bounded, dropped only by
 * whoever was refused with that one.
 */

#include "unit.h"

#include "base/secret.h"
#include "prebind/oauth_tokens.h"

static int set_up(void **state)
{
	struct oauth_tokens *tokens = NULL;

	if (secret_start(NULL) != STATUS_OK || oauth_tokens_new(&tokens, NULL) != STATUS_OK)
		return -1;
	*state = tokens;
	return 0;
}

static int tear_down(void **state)
{
	oauth_tokens_free(*state);
	return 0;
}

/* NULL: none is found. */
static void expect(struct oauth_tokens *tokens, const char *jid, int64_t now_ms, const char *token)
{
	struct strbuf out;
	bool found;

	strbuf_init_secret(&out);
	found = oauth_tokens_find(tokens, jid, now_ms, &out);
	assert_string_equal(out.data, token ? token : "");
	assert_true(found == (token != NULL));
	strbuf_clear(&out);
}

FIXTURE(set_up, tear_down)

TEST(test_until_its_end)
{
	struct oauth_tokens *tokens = *state;

	expect(tokens, "alice@example.org", 0, NULL);
	oauth_tokens_keep(tokens, "alice@example.org", "one", 1000);
	expect(tokens, "alice@example.org", 0, "one");
	expect(tokens, "alice@example.org", 999, "one");
	expect(tokens, "bob@example.org", 999, NULL);
	expect(tokens, "alice@example.or", 999, NULL);
	expect(tokens, "alice@example.org", 1000, NULL);
	expect(tokens, "alice@example.org", 0, NULL); /* it was forgotten */
}

TEST(test_the_last_one_counts)
{
	struct oauth_tokens *tokens = *state;

	oauth_tokens_keep(tokens, "alice@example.org", "one", 1000);
	oauth_tokens_keep(tokens, "alice@example.org", "two", 2000);
	expect(tokens, "alice@example.org", 1500, "two");
	oauth_tokens_drop(tokens, "alice@example.org", "one"); /* of a log-in that was slower */
	oauth_tokens_drop(tokens, "bob@example.org", "two");
	expect(tokens, "alice@example.org", 1500, "two");
	oauth_tokens_drop(tokens, "alice@example.org", "two");
	expect(tokens, "alice@example.org", 1500, NULL);
}

TEST(test_bounded)
{
	struct oauth_tokens *tokens = *state;
	char jid[32];

	for (int i = 0; i < OAUTH_TOKENS_MAX; i++) {
		snprintf(jid, sizeof(jid), "user%d@example.org", i);
		oauth_tokens_keep(tokens, jid, "token", i == 7 ? 5000 : 10000);
	}
	oauth_tokens_keep(tokens, "alice@example.org", "one", 20000);
	expect(tokens, "alice@example.org", 0, "one");
	expect(tokens, "user7@example.org", 0, NULL); /* it would have ended first */
	for (int i = 0; i < OAUTH_TOKENS_MAX; i++) {
		snprintf(jid, sizeof(jid), "user%d@example.org", i);
		if (i != 7)
			expect(tokens, jid, 0, "token");
	}
}
