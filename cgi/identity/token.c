/*
 * Provider `token`. Reads the key file again for each token, so a change of the file takes effect
 * at once and no process keeps a key in memory. prebind does not start with an invalid key file.
 */
#include "identity/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "identity/login_session.h"
#include "store/token_record.h"

enum status token_rules_read(const struct site_conf *conf, struct token_keys *keys,
			     struct token_rules *rules, struct error *err)
{
	*rules = (struct token_rules){
	    .format = conf->token_format,
	    .keys = keys,
	    .audience = conf->token_audience,
	    .user_claim = conf->token_user_claim,
	};
	return conf_blame(token_keys_read(conf->token_key_file,
					  conf->token_format == TOKEN_FORMAT_JWT, keys, err),
			  err, conf_site_place(conf, "token_key_file"));
}

/*
 * Checks the token, and that it is not revoked. Returns STATUS_NOT_FOUND if the token has expired.
 */
static enum status check(const struct identity_context *context, const char *text,
			 struct token *out, struct error *err)
{
	struct token_keys keys;
	struct token_rules rules;
	struct token token = {0};
	struct error why = {0};
	int64_t min_iat = 0;

	enum status status = token_rules_read(context->conf, &keys, &rules, &why);
	/* the key file could not be used, so the token was not checked */
	if (status != STATUS_OK)
		return error_set(err, STATUS_UNAVAILABLE, "%s", why.text);
	status = token_check(&rules, text, context->now, &token, err);
	token_keys_clear(&keys);
	if (status != STATUS_OK)
		return status;
	status = token_revocation_find(context->store, token.user, &min_iat, err);
	if (status == STATUS_OK && token.issued < min_iat)
		status = error_set(
		    err, STATUS_BAD_CREDENTIALS,
		    "the token of %s has been revoked with `prebindctl token revoke`", token.user);
	if (status == STATUS_OK)
		*out = token;
	else
		token_clear(&token);
	return status;
}

/* ---- the cookie ---- */

static enum identity_verdict cookie_user(const struct identity_context *context, char *text,
					 struct identity *out, struct error *err)
{
	struct token token = {0};

	enum status status = check(context, text, &token, err);
	if (status == STATUS_NOT_FOUND)
		return IDENTITY_NONE; /* an expired token is treated as a missing cookie */
	if (status == STATUS_BAD_CREDENTIALS)
		return IDENTITY_BAD;
	if (status != STATUS_OK)
		return IDENTITY_ERROR;
	out->user = token.user;
	out->display_name = token.display_name;
	out->jid = token.jid;
	out->email = token.email;
	out->id = token.id;
	return IDENTITY_YES;
}

static enum identity_verdict token_find(const struct identity_context *context,
					struct identity *out, struct error *err)
{
	const char *name = context->conf->token_cookie;
	char *text = NULL;

	if (token_may_be_posted(context->conf)) {
		enum identity_verdict verdict =
		    login_session_find(context, token_provider.name, out, err);
		if (verdict != IDENTITY_NONE)
			return verdict;
	}
	enum identity_verdict verdict = identity_cookie(context, name, &text, out, err);
	if (verdict != IDENTITY_YES)
		return verdict;
	verdict = cookie_user(context, text, out, err);
	if (verdict == IDENTITY_BAD)
		identity_blame_cookie(out, name);
	if (verdict == IDENTITY_YES)
		out->session = text;
	else
		secret_free(text);
	return verdict;
}

/* ---- start-up, and prebindctl check ---- */

static enum status token_open(const struct site_conf *conf, void **out, struct error *err)
{
	struct token_keys keys;
	struct token_rules rules;

	(void)out; /* the provider has no state */
	enum status status = token_rules_read(conf, &keys, &rules, err);
	if (status == STATUS_OK)
		token_keys_clear(&keys);
	return status;
}

static enum status token_check_site(const struct site_conf *conf, struct store *store,
				    struct error *said)
{
	struct token_keys keys;
	struct token_rules rules;
	int64_t ignored;

	enum status status = token_revocation_find(store, "nobody", &ignored, said);
	if (status == STATUS_OK)
		status = token_rules_read(conf, &keys, &rules, said);
	if (status != STATUS_OK)
		return status;
	error_set(said, STATUS_OK,
		  "prebind reads the user from the %s token in the cookie %s%s; the token must "
		  "have the audience %s and a signature by one of %zu key%s (%s). If a real token "
		  "is signed with another key, the log contains identity_refused",
		  conf->token_format == TOKEN_FORMAT_JWT ? "JWT" : "v1", conf->token_cookie,
		  token_may_be_posted(conf) ? " or posted to /login" : "", conf->token_audience,
		  keys.count, keys.count == 1 ? "" : "s", conf->token_key_file);
	token_keys_clear(&keys);
	return STATUS_OK;
}

/* Returns true, because every token can have a claim `jid`. */
static bool token_names_jids(const struct site_conf *conf, const void *state)
{
	(void)conf;
	(void)state;
	return true;
}

const struct identity_provider token_provider = {
    .name = PROVIDER_TOKEN,
    .knows = IDENTITY_EMAIL | IDENTITY_ID,
    .open = token_open,
    .find = token_find,
    .names_jids = token_names_jids,
    .check = token_check_site,
};

/* ---- the form ---- */

bool token_may_be_posted(const struct site_conf *conf)
{
	return conf_site_has_provider(conf, PROVIDER_TOKEN) && conf->token_origins.count > 0;
}

/*
 * Creates the session and marks the token as used, in one transaction. The digest of the signed
 * text identifies the token, because that text can be written in only one way. The whole token is
 * not used for this, because an ES256 signature can be written in two ways.
 */
static enum status use_once(const struct identity_context *context, const struct token *token,
			    struct session_new what, char session[SESSION_TOKEN_LEN + 1],
			    struct error *err)
{
	struct session_once once = {.used.expiry = token->expires, .issued = token->issued};
	struct strbuf name;
	enum status status;

	if (token->expires - token->issued > TOKEN_ONCE_LIFE_MAX_S)
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the posted token of %s is valid for more than %d minutes; make "
				 "the site set an earlier exp",
				 token->user, TOKEN_ONCE_LIFE_MAX_S / 60);
	strbuf_init(&name);
	strbuf_adds(&name, "sso:");
	codec_hex(&name, token->digest, sizeof(token->digest));
	once.used.nonce = name.data;
	what.user = token->user;
	what.once = &once;
	status = strbuf_ok(&name) ? session_create(context->store, &what, session, err)
				  : error_no_memory(err);
	strbuf_clear(&name);
	if (status == STATUS_CONFLICT)
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "the posted token of %s was used before", token->user);
	return status;
}

enum status token_session_create(const struct identity_context *context,
				 const struct token_handover *what,
				 char session[SESSION_TOKEN_LEN + 1], char **user,
				 struct error *err)
{
	struct token token = {0};
	struct session_new new_session = {
	    .source = token_provider.name,
	    .old_token = what->old_token,
	    .now = context->now,
	    .life = login_session_life(context->conf),
	};

	enum status status = check(context, what->text, &token, err);
	if (status == STATUS_OK)
		status = use_once(context, &token, new_session, session, err);
	if (status == STATUS_NOT_FOUND)
		status = error_set(err, STATUS_BAD_CREDENTIALS, "the posted token has expired");
	*user = token.user;
	token.user = NULL;
	token_clear(&token);
	return status;
}
