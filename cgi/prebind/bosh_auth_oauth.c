/*
 * bosh_auth = oauth. Gets a token from ejabberd's API (oauth_issue_token), keeps it until shortly
 * before it expires, and logs in with it by the SASL mechanism X-OAUTH2.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "prebind/bosh_auth.h"
#include "prebind/ejabberd_api.h"
#include "prebind/oauth_tokens.h"

#define TOKEN_LIFE_S   600  /* requested lifetime, during which a stolen token can be used */
#define TOKEN_MARGIN_S 60   /* safety margin, because log-ins can be slow and clocks can differ */
#define TOKEN_MAX      1024 /* bytes; an ejabberd token has 32 bytes or is a JWT */

struct oauth {
	struct ejabberd_api api;
	struct oauth_tokens *tokens;
};

static const struct ejabberd_api_words api_words = {
    .url_key = "bosh_oauth_url",
    .user_key = "bosh_oauth_user",
    .password_key = "bosh_oauth_password_file",
    .risk = "anyone who reads the traffic could log in as any user",
    .command = "oauth_issue_token",
    .bad_request = "oauth_issue_token must be the command of ejabberd 20 or later",
};

static void oauth_close(void *state)
{
	struct oauth *oauth = state;

	if (oauth == NULL)
		return;
	ejabberd_api_clear(&oauth->api);
	oauth_tokens_free(oauth->tokens);
	free(oauth);
}

static enum status oauth_open(const struct site_conf *conf, struct store *store, void **state,
			      struct error *err)
{
	struct oauth *oauth = calloc(1, sizeof(*oauth));
	enum status status;

	(void)store;
	if (oauth == NULL)
		return error_no_memory(err);
	oauth->api = (struct ejabberd_api){
	    .words = &api_words,
	    .url = conf->bosh_oauth_url,
	    .user = conf->bosh_oauth_user,
	    .password_file = conf->bosh_oauth_password_file,
	};
	status = ejabberd_api_open(&oauth->api, conf, err);
	if (status == STATUS_OK)
		status = oauth_tokens_new(&oauth->tokens, err);
	if (status == STATUS_OK)
		*state = oauth;
	else
		oauth_close(oauth);
	return status;
}

/* ---- the call ---- */

static void request_write(const char *jid, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "jid", jid);
	json_put_integer(&w, "ttl", TOKEN_LIFE_S);
	json_put_string(&w, "scopes", "sasl_auth");
	json_close_object(&w);
}

/*
 * Returns the lifetime in seconds from {"token":"…","scopes":[…],"expires_in":"600 seconds"}. The
 * result is at most TOKEN_LIFE_S, and is TOKEN_LIFE_S if the answer has no lifetime. In some
 * versions of ejabberd expires_in is a number.
 */
static long life_read(const struct json *answer)
{
	const struct json *expires = json_member(answer, "expires_in");
	const char *text = json_string(expires);
	long long seconds = TOKEN_LIFE_S;

	if (text != NULL)
		seconds = strtoll(text, NULL, 10);
	else
		json_integer(expires, &seconds);
	return seconds > 0 && seconds < TOKEN_LIFE_S ? (long)seconds : TOKEN_LIFE_S;
}

/*
 * True if a token is safe inside a SASL message, where a NUL would end the message. Real tokens are
 * printable ASCII.
 */
static bool token_is_sound(const char *token)
{
	size_t len = token != NULL ? strlen(token) : 0;

	for (size_t i = 0; i < len; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return len > 0 && len <= TOKEN_MAX;
}

static enum status token_read(const struct http_answer *answer, struct strbuf *token, long *life_s,
			      struct error *err)
{
	struct json *root = NULL;
	const char *text = NULL;
	enum status status = STATUS_OK;

	if (json_parse(answer->body.data, answer->body.len, &root, NULL) == STATUS_OK)
		text = json_string(json_member(root, "token"));
	if (token_is_sound(text)) {
		strbuf_adds(token, text);
		*life_s = life_read(root);
		if (!strbuf_ok(token))
			status = error_no_memory(err);
	} else {
		status = error_set(err, STATUS_CHAT_SERVER,
				   "the answer of bosh_oauth_url has no token: set bosh_oauth_url "
				   "to the address of ejabberd's /api/oauth_issue_token");
	}
	json_free(root);
	return status;
}

/*
 * Requests a new token. If the API fails, the log-in cannot succeed, so the outcome of the call is
 * OUTCOME_FAILED.
 */
static enum status token_issue(const struct oauth *oauth, struct prebind_call *call,
			       const char *jid, struct strbuf *token, struct error *err)
{
	int64_t asked_ms = clock_monotonic_ms();
	struct http_answer answer;
	struct strbuf body;
	long life_s = 0;
	enum status status;

	http_answer_init(&answer);
	strbuf_init(&body);
	request_write(jid, &body);
	status = ejabberd_api_post(&oauth->api, call, &body, &answer, err);
	if (status == STATUS_OK && answer.status != 200)
		status = ejabberd_api_refuse(&oauth->api, answer.status, err);
	if (status == STATUS_OK)
		status = token_read(&answer, token, &life_s, err);
	if (status == STATUS_OK)
		oauth_tokens_keep(oauth->tokens, jid, token->data,
				  asked_ms + (life_s - TOKEN_MARGIN_S) * 1000);
	else
		call->outcome = OUTCOME_FAILED;
	strbuf_clear(&body);
	http_answer_clear(&answer);
	return status;
}

/* ---- this way to log in ---- */

static enum status oauth_prepare(void *state, struct prebind_call *call,
				 struct bosh_credentials *out, struct error *err)
{
	struct oauth *oauth = state;
	char *jid = jid_bare_text(call->jid);
	enum status status = STATUS_OK;

	if (jid == NULL)
		return error_no_memory(err);
	out->kept = oauth_tokens_find(oauth->tokens, jid, clock_monotonic_ms(), &out->secret);
	if (!out->kept)
		status = token_issue(oauth, call, jid, &out->secret, err);
	free(jid);
	return status;
}

static void oauth_refused(void *state, const struct jid *jid,
			  const struct bosh_credentials *credentials, struct error *err)
{
	struct oauth *oauth = state;
	char *text = jid_bare_text(jid);

	if (text != NULL)
		oauth_tokens_drop(oauth->tokens, text, credentials->secret.data);
	free(text);
	error_set(err, STATUS_CHAT_SERVER,
		  "the XMPP server refuses the OAuth token for %s@%s (not-authorized): "
		  "bosh_oauth_url (%s) must be the API of the same server, and the server's "
		  "oauth_access must allow the account",
		  jid->localpart, jid->domain, oauth->api.url);
}

const struct bosh_auth_way bosh_auth_oauth = {
    .open = oauth_open,
    .close = oauth_close,
    .prepare = oauth_prepare,
    .refused = oauth_refused,
};
