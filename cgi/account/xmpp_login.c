/*
 * Logins at the XMPP server. Wrong passwords are counted together with those at the login form,
 * because both check the same password. So an attacker who uses both gets no extra guesses.
 */
#include "account/xmpp_login.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "account/jid_deny.h"
#include "account/jid_rule.h"
#include "identity/login_account.h"
#include "identity/login_count.h"
#include "identity/login_session.h"
#include "password/password.h"
#include "store/limit.h"
#include "store/token_record.h"
#include "xmpp/login_token.h"

struct xmpp_login {
	const struct site_conf *conf;
	struct store *store;
	struct limit_store *limits;
	struct strbuf key; /* empty if tokens are not accepted */
};

/* ---- open, close ---- */

static enum status read_key(const struct site_conf *conf, struct strbuf *out, struct error *err)
{
	struct strbuf text;

	if (conf->bosh_token_key_file[0] == '\0')
		return STATUS_OK;
	strbuf_init_secret(&text);
	enum status status = secret_file_read(conf->bosh_token_key_file, &text, err);
	if (status == STATUS_OK)
		status = login_key_parse(text.data, out, err);
	strbuf_clear(&text);
	return conf_blame(status, err, conf_site_place(conf, "bosh_token_key_file"));
}

enum status xmpp_login_open(const struct site_conf *conf, struct xmpp_login **out,
			    struct error *err)
{
	struct xmpp_login *login = calloc(1, sizeof(*login));

	if (login == NULL)
		return error_no_memory(err);
	login->conf = conf;
	strbuf_init_secret(&login->key);
	enum status status = read_key(conf, &login->key, err);
	if (status == STATUS_OK)
		status =
		    conf_blame(store_open(&STORE_LOCATION(conf), conf->name, &login->store, err),
			       err, conf_site_place(conf, "database"));
	if (status == STATUS_OK)
		status = store_is_server(login->store)
			     ? limit_open_in(login->store, &login->limits, err)
			     : limit_open(conf->database, &login->limits, err);
	if (status == STATUS_OK)
		*out = login;
	else
		xmpp_login_close(login);
	return status;
}

void xmpp_login_close(struct xmpp_login *login)
{
	if (login == NULL)
		return;
	limit_close(login->limits);
	store_close(login->store);
	strbuf_clear(&login->key);
	free(login);
}

/* Sets the same error for an account that does not exist as for a wrong password. */
static enum status refuse(enum status status, enum status no_account, struct error *err)
{
	if (status != no_account)
		return status;
	if (err != NULL)
		err->status = STATUS_BAD_CREDENTIALS;
	return STATUS_BAD_CREDENTIALS;
}

/* ---- tokens ---- */

static bool is_token(const struct xmpp_login *login, const char *password)
{
	return login->key.len > 0 && login_token_has_form(password);
}

const char *xmpp_login_kind(const struct xmpp_login *login, const char *password)
{
	return is_token(login, password) ? "token" : "password";
}

/*
 * If we know the user who owns the account, checks that this user still exists and is not disabled.
 */
static enum status owner_check(struct xmpp_login *login, const struct jid_owner *owner,
			       struct error *err)
{
	const struct identity_context context = {.conf = login->conf, .store = login->store};

	if (strcmp(owner->source, login_session_provider.name) != 0)
		return STATUS_OK;
	return login_user_check(&context, owner->user, err);
}

/*
 * Decides whether a token is accepted if no owner of its account is found. The user existed when
 * the token was made, so the user was deleted later or is a user that we cannot find. Accepts the
 * token only if the site can have users that we cannot find. These are users of other providers,
 * and users whose names have capitals that {user|lower} removes, if the site's query does not
 * ignore case.
 */
static enum status unknown_owner_check(const struct xmpp_login *login, const struct jid *jid,
				       struct error *err)
{
	bool others = login->conf->identity.count > 1 ||
		      !conf_site_has_provider(login->conf, PROVIDER_LOGIN) ||
		      (jid_rule_lowers(login->conf->jid) && login_users_are_the_sites(login->conf));

	if (others && login->conf->accounts == ACCOUNTS_ALL &&
	    jid_rule_has_domain(login->conf, jid->domain))
		return STATUS_OK;
	return error_set(err, STATUS_NOT_FOUND, "no site user has the account %s@%s",
			 jid->localpart, jid->domain);
}

/* Checks that the user for whom the token was made has not been disabled or deleted since then. */
static enum status token_owner_check(struct xmpp_login *login, const struct jid *jid,
				     struct error *err)
{
	struct jid_owner owner = {0};

	enum status status = jid_rule_owner(login->conf, login->store, jid, &owner, err);
	if (status == STATUS_OK)
		status = owner_check(login, &owner, err);
	else if (status == STATUS_NOT_FOUND)
		status = unknown_owner_check(login, jid, err);
	jid_owner_clear(&owner);
	return refuse(status, STATUS_NOT_FOUND, err);
}

static enum status one_time_token_check(struct xmpp_login *login, const struct jid *jid,
					const char *text, int64_t now, struct error *err)
{
	const struct secret_part key = {login->key.data, login->key.len};
	struct login_token token = {.user = jid->localpart, .host = jid->domain};

	enum status status = login_token_check(&key, text, now, &token, err);
	const struct used_nonce used = {.nonce = token.nonce, .expiry = token.expiry};
	if (status == STATUS_OK)
		status = token_owner_check(login, jid, err);
	if (status == STATUS_OK)
		status = used_nonce_add(login->store, &used, err);
	if (status == STATUS_CONFLICT || status == STATUS_NOT_FOUND)
		return error_set(err, STATUS_BAD_CREDENTIALS, "the token %s",
				 status == STATUS_CONFLICT ? "was used before" : "has expired");
	/*
	 * Check again, because the write can have waited, and the user can have been disabled
	 * meanwhile.
	 */
	return status == STATUS_OK ? token_owner_check(login, jid, err) : status;
}

/* ---- passwords ---- */

/* Refuses the password of an unknown user, after as much time as for a known user. */
static enum status no_password(const char *password, const char *why, struct error *err)
{
	enum status status = password_verify(NULL, password, err);

	return status == STATUS_BAD_CREDENTIALS ? error_set(err, status, "%s", why) : status;
}

struct attempt {
	const struct jid *jid;
	struct jid_owner owner; /* owner.user is NULL if the owner is unknown */
	const char *password;
	int64_t now;
};

static enum status owner_password_check(struct xmpp_login *login, const struct attempt *attempt,
					struct error *err)
{
	const struct identity_context context = {
	    .conf = login->conf, .store = login->store, .now = attempt->now};

	if (attempt->owner.user == NULL)
		return no_password(attempt->password, "no site user has this account", err);
	if (strcmp(attempt->owner.source, login_session_provider.name) != 0)
		return no_password(attempt->password,
				   "the account belongs to a user of another provider, so prebind "
				   "has no password to check; only a token is accepted",
				   err);
	enum status status =
	    login_password_check(&context, attempt->owner.user, attempt->password, err);
	return status == STATUS_OK ? jid_owner_confirm(login->conf, login->store, attempt->jid,
						       &attempt->owner, err)
				   : status;
}

/*
 * Wrong passwords of `login` users are counted together with those at the login form. Wrong
 * passwords of any other account are counted by the account's JID.
 */
static enum status attempt_key(struct xmpp_login *login, const struct attempt *attempt,
			       char out[LOGIN_ACCOUNT_MAX + 1], struct error *err)
{
	const struct identity_context context = {
	    .conf = login->conf, .store = login->store, .now = attempt->now};
	const struct jid_owner *owner = &attempt->owner;

	if (owner->user != NULL && strcmp(owner->source, login_session_provider.name) == 0)
		return login_account_key(&context, owner->user, out, err);
	char *bare = jid_bare_text(attempt->jid);
	enum status status = bare != NULL ? login_name_key(bare, out, err) : error_no_memory(err);
	free(bare);
	return status;
}

static enum status password_check(struct xmpp_login *login, const struct attempt *attempt,
				  struct error *err)
{
	char account[LOGIN_ACCOUNT_MAX + 1];
	const struct login_count count = {
	    .limits = login->limits, .conf = login->conf, .account = account, .now = attempt->now};

	enum status status = attempt_key(login, attempt, account, err);
	if (status == STATUS_OK)
		status = login_count_begin(&count, err);
	if (status != STATUS_OK)
		return status;
	status = owner_password_check(login, attempt, err);
	login_count_end(&count, status);
	return status;
}

enum status xmpp_login_check(struct xmpp_login *login, const struct jid *jid, const char *password,
			     int64_t now, struct error *err)
{
	struct attempt attempt = {.jid = jid, .password = password, .now = now};
	enum status status = jid_deny(login->conf, jid, err);

	if (status != STATUS_OK)
		return refuse(status, STATUS_NO_CHAT_ACCOUNT, err);
	if (is_token(login, password))
		return one_time_token_check(login, jid, password, now, err);
	status = jid_rule_owner(login->conf, login->store, jid, &attempt.owner, err);
	if (status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_CONFLICT)
		status = password_check(login, &attempt, err);
	jid_owner_clear(&attempt.owner);
	return status;
}

enum status xmpp_login_exists(struct xmpp_login *login, const struct jid *jid, struct error *err)
{
	struct jid_owner owner = {0};

	if (jid_deny(login->conf, jid, err) != STATUS_OK)
		return STATUS_NOT_FOUND;
	enum status status = jid_rule_owner(login->conf, login->store, jid, &owner, err);
	if (status == STATUS_OK)
		status = owner_check(login, &owner, err);
	jid_owner_clear(&owner);
	/* an account exists even if its user is disabled, or if two users could claim it */
	return status == STATUS_BAD_CREDENTIALS || status == STATUS_CONFLICT ? STATUS_OK : status;
}
