/*
 * prebindctl token …: makes a test token as the site would sign it, and revokes tokens.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "conf/number.h"
#include "ctl/ctl.h"
#include "identity/token.h"
#include "store/token_record.h"

#define LIFE_S 600 /* in seconds; how long a token without --ttl is valid */

static enum status read_life(const char *text, int64_t *out, struct error *err)
{
	long long ms = LIFE_S * NUMBER_SECOND_MS;
	const char *wrong = text == NULL ? NULL : number_time_read(text, &ms);

	if (wrong != NULL)
		return error_set(err, STATUS_BAD_REQUEST, "--ttl: \"%s\" %s", text, wrong);
	if (ms < NUMBER_SECOND_MS || ms > TOKEN_LIFE_MAX_S * NUMBER_SECOND_MS)
		return error_set(err, STATUS_BAD_REQUEST, "--ttl: from 1s to 12h");
	*out = ms / NUMBER_SECOND_MS;
	return STATUS_OK;
}

static enum status issue(const struct ctl *ctl, struct strbuf *out, struct error *err)
{
	struct token_request what = {.user = ctl->argv[0], .now = clock_wall()};
	struct token_keys keys;
	struct token_rules rules;
	enum status status = read_life(ctl->ttl, &what.life_s, err);

	if (status == STATUS_OK && ctl->site->token_key_file[0] == '\0')
		status =
		    error_set(err, STATUS_BAD_REQUEST,
			      "[site %s] has no token_key_file; set token_key_file, and add token "
			      "to the key identity",
			      ctl->site->name);
	if (status == STATUS_OK)
		status = token_rules_read(ctl->site, &keys, &rules, err);
	if (status != STATUS_OK)
		return status;
	status = token_make(&rules, &what, out, err);
	token_keys_clear(&keys);
	return status;
}

int ctl_token_issue(struct ctl *ctl)
{
	struct error err = {0};
	struct strbuf token;

	strbuf_init_secret(&token);
	enum status status = issue(ctl, &token, &err);
	if (status == STATUS_OK)
		printf("%s\n", token.data);
	strbuf_clear(&token);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

int ctl_token_revoke(struct ctl *ctl)
{
	struct error err = {0};
	const struct token_revocation what = {
	    .source = token_provider.name,
	    .user = ctl->argv[0],
	    .skew_s = TOKEN_SKEW_S,
	    .life_s = TOKEN_LIFE_MAX_S,
	};

	enum status status = token_revoke(ctl->store, &what, &err);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}
