/*
 * Provider `login`: checks the session cookie on every request, and the password at /login. A
 * visitor sees the same message for every cause of a failed login; only the log has the cause.
 */
#include "identity/login_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "conf/cookie_name.h"
#include "password/password.h"
#include "identity/login_account.h"
#include "identity/login_query.h"
#include "store/user.h"

struct session_life login_session_life(const struct site_conf *conf)
{
	return (struct session_life){
	    .idle_s = conf->session_idle_ms / 1000,
	    .absolute_s = conf->session_absolute_ms / 1000,
	};
}

/* ---- the cookie ---- */

/* The session of a request, and the token from its cookie. */
struct found {
	struct session session;
	char *token; /* owned */
};

static void found_clear(struct found *found)
{
	session_clear(&found->session);
	secret_free(found->token);
	*found = (struct found){0};
}

/*
 * Finds the session that the request's cookie identifies. Sets who->cookie as identity_cookie does.
 * The caller clears *out after IDENTITY_YES.
 */
static enum identity_verdict cookie_session(const struct identity_context *context,
					    const char *source, struct identity *who,
					    struct found *out, struct error *err)
{
	struct session_life life = login_session_life(context->conf);
	struct found found = {0};
	char name[COOKIE_NAME_MAX];

	cookie_name(context->conf, COOKIE_SESSION, name);
	enum identity_verdict read = identity_cookie(context, name, &found.token, who, err);
	if (read != IDENTITY_YES)
		return read;
	enum status status =
	    session_find(context->store, found.token, context->now, &life, &found.session, err);
	if (status == STATUS_OK && strcmp(found.session.source, source) != 0)
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		*out = found;
		return IDENTITY_YES;
	}
	found_clear(&found);
	/* if the session has ended, nobody is logged in */
	return status == STATUS_NOT_FOUND ? IDENTITY_NONE : IDENTITY_ERROR;
}

/* Moves user and session into *out. */
static void found_take(struct found *found, struct identity *out)
{
	out->user = found->session.user;
	out->session = found->token;
	out->ours = true;
	found->session.user = found->token = NULL;
}

enum identity_verdict login_session_find(const struct identity_context *context, const char *source,
					 struct identity *out, struct error *err)
{
	struct found found = {0};
	enum identity_verdict verdict = cookie_session(context, source, out, &found, err);

	if (verdict == IDENTITY_YES)
		found_take(&found, out);
	found_clear(&found);
	return verdict;
}

/* ---- the provider ---- */

/*
 * Reads the session's user again. The user must still exist, must not be disabled, and must have
 * the same password as at the login.
 */
static enum status session_account(const struct identity_context *context,
				   const struct found *found, struct login_account *out,
				   struct error *err)
{
	bool sites = login_users_are_the_sites(context->conf);
	struct login_account account = {0};
	enum status status = login_account_find(context, found->session.user, &account, err);

	if (status == STATUS_OK &&
	    (account.disabled || strcmp(account.name, found->session.user) != 0 ||
	     !session_password_is(&found->session, found->token,
				  sites ? account.password_hash : NULL)))
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK)
		*out = account;
	else
		login_account_clear(&account);
	return status;
}

static enum identity_verdict login_find(const struct identity_context *context,
					struct identity *out, struct error *err)
{
	struct login_account account = {0};
	struct found found = {0};
	enum identity_verdict verdict =
	    cookie_session(context, login_session_provider.name, out, &found, err);

	if (verdict != IDENTITY_YES)
		return verdict;
	enum status status = session_account(context, &found, &account, err);
	if (status == STATUS_OK) {
		found_take(&found, out);
		out->display_name = account.display_name;
		out->jid = account.jid;
		account.display_name = account.jid = NULL;
	}
	login_account_clear(&account);
	found_clear(&found);
	if (status == STATUS_NOT_FOUND)
		return IDENTITY_NONE;
	return status == STATUS_OK ? IDENTITY_YES : IDENTITY_ERROR;
}

/* ---- start-up, and prebindctl check ---- */

static enum status login_open(const struct site_conf *conf, void **out, struct error *err)
{
	struct login_query *users = NULL;

	if (!login_users_are_the_sites(conf))
		return STATUS_OK;
	enum status status = login_query_open(conf, &users, err);
	if (status == STATUS_OK)
		*out = users;
	return status;
}

static void login_close(void *state)
{
	login_query_close(state);
}

static void count_user(void *arg, const struct user *user)
{
	long *count = arg;

	(void)user;
	++*count;
}

static enum status check_site_users(const struct site_conf *conf, struct error *said)
{
	struct login_query *users = NULL;
	enum status status = login_query_open(conf, &users, said);

	if (status != STATUS_OK)
		return status;
	status = login_query_check(users, said);
	login_query_close(users);
	if (status != STATUS_OK)
		return status;
	error_set(said, STATUS_OK,
		  "users and their password hashes are looked up in %s with the query in %s",
		  conf->site_database, conf->login_query);
	return STATUS_OK;
}

static enum status login_check(const struct site_conf *conf, struct store *store,
			       struct error *said)
{
	long count = 0;

	if (login_users_are_the_sites(conf))
		return check_site_users(conf, said);
	enum status status = user_list(store, count_user, &count, said);
	if (status != STATUS_OK)
		return status;
	if (count == 0)
		return error_set(said, STATUS_NOT_FOUND,
				 "%s contains no user yet; add one with `prebindctl user add NAME`",
				 conf->database);
	error_set(said, STATUS_OK, "%ld user%s found in %s", count, count == 1 ? "" : "s",
		  conf->database);
	return STATUS_OK;
}

/*
 * Returns true if login_query can return JIDs. Users of our own table get JIDs only from the JID
 * map.
 */
static bool login_names_jids(const struct site_conf *conf, const void *state)
{
	return login_users_are_the_sites(conf) && (state == NULL || login_query_has_jids(state));
}

const struct identity_provider login_session_provider = {
    .name = PROVIDER_LOGIN,
    .own_users = true,
    .open = login_open,
    .close = login_close,
    .find = login_find,
    .names_jids = login_names_jids,
    .check = login_check,
};

/* ---- logging in ---- */

/*
 * Checks that the query also finds the account by its own name, because each later request uses
 * that name. If the query finds users only by e-mail address, the session would end at once.
 */
static enum status check_own_name(const struct identity_context *context, const char *typed,
				  const struct login_account *account, struct error *err)
{
	struct login_account again = {0};

	if (strcmp(typed, account->name) == 0)
		return STATUS_OK;
	enum status status = login_account_find(context, account->name, &again, err);
	bool same = status == STATUS_OK && strcmp(again.name, account->name) == 0;
	login_account_clear(&again);
	if (same || (status != STATUS_OK && status != STATUS_NOT_FOUND))
		return status;
	return error_set(err, STATUS_UNAVAILABLE,
			 "%s: the query returned the user \"%s\", but then found no user with this "
			 "name; change the query so that it also matches this name",
			 context->conf->login_query, account->name);
}

/*
 * Replaces a stored hash that is weaker than the hashes that we now make. Ignores a failure; the
 * next login tries again.
 */
static void rehash(const struct identity_context *context, const struct login_account *account,
		   const char *password)
{
	char hash[SECRET_HASH_MAX];
	struct error why = {0};

	if (login_users_are_the_sites(context->conf) ||
	    !secret_password_hash_is_weaker(account->password_hash))
		return;
	enum status status = password_hash_make(password, hash, &why);
	if (status == STATUS_OK)
		status =
		    user_rehash(context->store, account->name, account->password_hash, hash, &why);
	log_event(status == STATUS_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  status == STATUS_OK ? "password_rehashed" : "password_rehash_failed", "user",
		  account->name, "why", status == STATUS_OK ? NULL : why.text, NULL);
	secret_wipe(hash, sizeof(hash));
}

static void tell_weak(const struct identity_context *context, const struct login_account *account)
{
	struct password_hash hash;

	if (password_hash_read(account->password_hash, true, &hash, NULL) == STATUS_OK &&
	    password_hash_is_weak(&hash))
		log_event(LOG_LEVEL_INFO, "password_hash_weak", "site", context->conf->name, "user",
			  account->name, "format", password_hash_name(&hash), NULL);
}

/*
 * Checks the password, then creates a session if the account has not changed meanwhile. Sets *stale
 * to true if the password was right, but the account has changed since.
 */
static enum status check_and_create(const struct identity_context *context,
				    const struct login_attempt *attempt,
				    struct login_account *account,
				    char token[SESSION_TOKEN_LEN + 1], bool *stale,
				    struct error *err)
{
	struct session_new session = {
	    .source = login_session_provider.name,
	    .old_token = attempt->old_token,
	    .only_on_site = login_users_are_the_sites(context->conf),
	    .now = context->now,
	    .life = login_session_life(context->conf),
	};

	*stale = false;
	enum status status =
	    login_account_check(context, attempt->user, attempt->password, account, err);
	if (status == STATUS_OK)
		status = check_own_name(context, attempt->user, account, err);
	if (status != STATUS_OK)
		return status;
	session.user = account->name;
	session.password_hash = account->password_hash;
	status = session_create(context->store, &session, token, err);
	*stale = status == STATUS_BAD_CREDENTIALS;
	return status;
}

/*
 * Repeats the password check once if the account changed during the first check. A parallel login
 * changes the account if it replaces the hash of the same password.
 */
enum status login_attempt(const struct identity_context *context,
			  const struct login_attempt *attempt, char token[SESSION_TOKEN_LEN + 1],
			  struct error *err)
{
	struct login_account account = {0};
	bool stale;

	enum status status = check_and_create(context, attempt, &account, token, &stale, err);
	if (stale) {
		login_account_clear(&account);
		status = check_and_create(context, attempt, &account, token, &stale, err);
	}
	if (status == STATUS_OK) {
		tell_weak(context, &account);
		rehash(context, &account, attempt->password);
	}
	login_account_clear(&account);
	return status;
}
