/*
 * Finds the accounts of provider `login` in our own table or the site's table, and checks their
 * passwords. A check takes the same work whether the name or the password is wrong.
 */
#include "identity/login_account.h"

#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/secret.h"
#include "identity/login_session.h"
#include "password/password.h"
#include "identity/login_query.h"
#include "store/user.h"

/* ---- users: our own, or the site's ---- */

void login_account_clear(struct login_account *account)
{
	free(account->name);
	free(account->display_name);
	free(account->jid);
	secret_free(account->password_hash);
	*account = (struct login_account){0};
}

bool login_users_are_the_sites(const struct site_conf *conf)
{
	return conf->login_query != NULL && conf->login_query[0] != '\0';
}

static enum status find_ours(const struct identity_context *context, const char *name,
			     struct login_account *out, struct error *err)
{
	struct user user = {0};
	enum status status = user_find(context->store, name, &user, err);

	if (status != STATUS_OK)
		return status;
	*out = (struct login_account){
	    .name = user.name,
	    .display_name = user.display_name,
	    .password_hash = user.password_hash,
	    .disabled = user.disabled,
	};
	user.name = user.display_name = user.password_hash = NULL;
	user_clear(&user);
	return STATUS_OK;
}

/*
 * Uses the provider's open query. If the query is not open, opens it for this call. This is the
 * case in a tool that makes only one look-up.
 */
static enum status find_sites(const struct identity_context *context, const char *name,
			      struct login_account *out, struct error *err)
{
	struct login_query *kept = identity_state(context, login_session_provider.name);
	struct login_query *own = NULL;
	struct login_query_user user = {0};
	enum status status = STATUS_OK;

	store_rest(context->store); /* because the site's query can take a long time */
	if (kept == NULL)
		status = login_query_open(context->conf, &own, err);
	if (status == STATUS_OK)
		status = login_query_find(kept != NULL ? kept : own, name, &user, err);
	login_query_close(own);
	if (status == STATUS_OK && identity_is_excluded(context->conf, user.name)) {
		status = error_set(err, STATUS_NOT_FOUND,
				   "'%s' is in exclude_users, so prebind does not accept this user",
				   user.name);
		login_query_user_clear(&user);
	}
	if (status == STATUS_OK)
		*out = (struct login_account){
		    .name = user.name,
		    .display_name = user.display_name,
		    .jid = user.jid,
		    .password_hash = user.password_hash,
		    .disabled = user.disabled,
		};
	return status;
}

enum status login_account_find(const struct identity_context *context, const char *name,
			       struct login_account *out, struct error *err)
{
	return login_users_are_the_sites(context->conf) ? find_sites(context, name, out, err)
							: find_ours(context, name, out, err);
}

/* ---- passwords ---- */

enum status login_name_key(const char *name, char out[LOGIN_ACCOUNT_MAX + 1], struct error *err)
{
	char *folded = NULL;
	enum status status = name_fold(name, &folded, err);

	if (status != STATUS_OK)
		return status;
	const char *text = folded + strspn(folded, " ");
	size_t n = strnlen(text, LOGIN_ACCOUNT_MAX);
	while (n > 0 && text[n - 1] == ' ')
		n--;
	memcpy(out, text, n);
	out[n] = '\0';
	free(folded);
	return STATUS_OK;
}

/*
 * All names of an account share one count, because two counts would allow twice as many guesses.
 * The shared count lets a stranger learn whether a name and an e-mail address belong to the same
 * user. In that case, wrong passwords for the name also limit logins with the address. Known and
 * unknown names take the same time here (one look-up), and their keys have the same form.
 */
enum status login_account_key(const struct identity_context *context, const char *typed,
			      char out[LOGIN_ACCOUNT_MAX + 1], struct error *err)
{
	struct login_account account = {0};
	struct error nobody = {0};
	enum status status = login_account_find(context, typed, &account, &nobody);

	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = login_name_key(status == STATUS_OK ? account.name : typed, out, err);
	else
		error_set(err, status, "%s", nobody.text);
	login_account_clear(&account);
	return status;
}

enum status login_account_check(const struct identity_context *context, const char *name,
				const char *password, struct login_account *out, struct error *err)
{
	struct login_account account = {0};
	bool sites = login_users_are_the_sites(context->conf);

	enum status status = login_account_find(context, name, &account, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	bool usable = status == STATUS_OK && !account.disabled;
	const struct password_claim claim = {
	    .hash = usable ? account.password_hash : NULL,
	    .password = password,
	    .allow_weak = sites && context->conf->allow_weak_hashes,
	    .site = sites ? context->conf->name : NULL,
	};
	status = password_claim_verify(&claim, err);
	if (status == STATUS_BAD_CREDENTIALS && account.disabled)
		error_set(err, status, "the user is disabled");
	if (status == STATUS_OK)
		*out = account;
	else
		login_account_clear(&account);
	return status;
}

enum status login_user_check(const struct identity_context *context, const char *name,
			     struct error *err)
{
	struct login_account account = {0};
	enum status status = login_account_find(context, name, &account, err);

	if (status == STATUS_OK && account.disabled)
		status = error_set(err, STATUS_BAD_CREDENTIALS, "the user is disabled");
	login_account_clear(&account);
	return status;
}

/*
 * Reads the account again, because the password check took some time. Sets *same to true if the
 * account still has the password that was checked, and is not disabled.
 */
static enum status account_again(const struct identity_context *context,
				 const struct login_account *checked, bool *same, struct error *err)
{
	struct login_account account = {0};
	enum status status = login_account_find(context, checked->name, &account, err);

	*same = status == STATUS_OK && !account.disabled &&
		strcmp(account.password_hash, checked->password_hash) == 0;
	login_account_clear(&account);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status check_once(const struct identity_context *context, const char *name,
			      const char *password, bool *stale, struct error *err)
{
	struct login_account account = {0};
	bool same = true;
	enum status status = login_account_check(context, name, password, &account, err);

	if (status == STATUS_OK)
		status = account_again(context, &account, &same, err);
	login_account_clear(&account);
	*stale = status == STATUS_OK && !same;
	return *stale ? error_set(err, STATUS_BAD_CREDENTIALS,
				  "the account was changed during the password check; log in again")
		      : status;
}

enum status login_password_check(const struct identity_context *context, const char *name,
				 const char *password, struct error *err)
{
	bool stale;
	enum status status = check_once(context, name, password, &stale, err);

	return stale ? check_once(context, name, password, &stale, err) : status;
}
