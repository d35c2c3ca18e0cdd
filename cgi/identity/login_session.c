/*
 * Provider `login`: the session cookie on every request, the password check at /login. What a visitor is told
 * is the same for every cause of a failed login; what was wrong stands in the log.
 */
#include "identity/login_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "identity/password.h"
#include "store/user.h"

#define FORM_COOKIE_LIFE_S 1800 /* time to type a password */

static struct session_life session_life(const struct site_conf *conf)
{
	return (struct session_life){
	    .idle_s = conf->session_idle_ms / 1000,
	    .absolute_s = conf->session_absolute_ms / 1000,
	};
}

const char *login_cookie_name(const struct site_conf *conf)
{
	return conf->allow_http ? "prebind-insecure" : "__Host-prebind";
}

const char *login_form_cookie_name(const struct site_conf *conf)
{
	return conf->allow_http ? "prebind-insecure-login" : "__Host-prebind-login";
}

/* The session of this cookie, and its user: still there, and not disabled. */
static enum identity_verdict session_user(const struct identity_context *context, const char *token,
					  struct identity *out, struct error *err)
{
	struct session_life life = session_life(context->conf);
	struct session session = {0};
	struct user user = {0};

	enum status status =
	    session_find(context->store, token, context->now, &life, &session, err);
	if (status == STATUS_OK) {
		status = strcmp(session.source, login_session_provider.name) == 0
			     ? user_find(context->store, session.user, &user, err)
			     : STATUS_NOT_FOUND;
	}
	if (status == STATUS_OK && user.disabled)
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		out->user = session.user;
		out->display_name = user.display_name;
		session.user = NULL;
		user.display_name = NULL;
	}
	session_clear(&session);
	user_clear(&user);
	if (status == STATUS_NOT_FOUND)
		return IDENTITY_NONE; /* over: as good as no cookie */
	return status == STATUS_OK ? IDENTITY_YES : IDENTITY_ERROR;
}

static enum identity_verdict login_find(const struct identity_context *context,
					struct identity *out, struct error *err)
{
	char *token = NULL;
	struct error odd = {0};

	if (request_cookie(context->req, login_cookie_name(context->conf), &token, &odd) !=
	    STATUS_OK) {
		if (odd.text[0] != '\0')
			log_event(LOG_LEVEL_WARN, "cookie_refused", "id", context->req->id, "ip",
				  context->req->remote_addr, "why", odd.text, NULL);
		return IDENTITY_NONE;
	}
	enum identity_verdict verdict = session_user(context, token, out, err);
	out->ours = verdict == IDENTITY_YES;
	if (out->ours)
		out->session = token;
	else
		secret_free(token);
	return verdict;
}

static void count_user(void *arg, const struct user *user)
{
	long *count = arg;

	(void)user;
	++*count;
}

static enum status login_check(const struct site_conf *conf, struct store *store,
			       struct error *said)
{
	long count = 0;
	enum status status = user_list(store, count_user, &count, said);

	if (status != STATUS_OK)
		return status;
	if (count == 0)
		return error_set(said, STATUS_NOT_FOUND,
				 "%s holds no user yet: add one with `prebindctl user add NAME`",
				 conf->database);
	error_set(said, STATUS_OK, "%ld user%s can be asked for in %s", count,
		  count == 1 ? "" : "s", conf->database);
	return STATUS_OK;
}

const struct identity_provider login_session_provider = {
    .name = "login",
    .own_users = true,
    .find = login_find,
    .check = login_check,
};

enum status login_user_check(const struct identity_context *context, const char *name,
			     struct error *err)
{
	struct user user = {0};

	enum status status = user_find(context->store, name, &user, err);
	if (status == STATUS_OK && user.disabled)
		status = error_set(err, STATUS_BAD_CREDENTIALS, "the user is disabled");
	user_clear(&user);
	return status;
}

enum status login_password_check(const struct identity_context *context, const char *name,
				 const char *password, struct error *err)
{
	struct user user = {0};

	enum status status = user_find(context->store, name, &user, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	bool usable = status == STATUS_OK && !user.disabled;
	status = password_verify(usable ? user.password_hash : NULL, password, err);
	if (status == STATUS_BAD_CREDENTIALS && user.disabled)
		error_set(err, status, "the user is disabled");
	user_clear(&user);
	return status;
}

enum status login_attempt(const struct identity_context *context,
			  const struct login_attempt *attempt, char token[SESSION_TOKEN_LEN + 1],
			  struct error *err)
{
	struct session_new session = {
	    .source = login_session_provider.name,
	    .user = attempt->user,
	    .old_token = attempt->old_token,
	    .now = context->now,
	    .life = session_life(context->conf),
	};

	enum status status = login_password_check(context, attempt->user, attempt->password, err);
	if (status == STATUS_OK)
		status = session_create(context->store, &session, token, err);
	return status;
}

/* Secure everywhere but on loopback with allow_http, where no https is there to be had. */
static const char *cookie_secure(const struct site_conf *conf)
{
	return conf->allow_http ? "" : " Secure;";
}

void login_cookie_set(const struct site_conf *conf, const char *token,
		      char out[LOGIN_COOKIE_TEXT_MAX])
{
	snprintf(out, LOGIN_COOKIE_TEXT_MAX, "%s=%s; Path=/;%s HttpOnly; SameSite=Lax",
		 login_cookie_name(conf), token, cookie_secure(conf));
}

void login_cookie_expire(const struct site_conf *conf, char out[LOGIN_COOKIE_TEXT_MAX])
{
	snprintf(out, LOGIN_COOKIE_TEXT_MAX, "%s=; Path=/;%s HttpOnly; SameSite=Lax; Max-Age=0",
		 login_cookie_name(conf), cookie_secure(conf));
}

void login_form_cookie_set(const struct site_conf *conf, const char *value,
			   char out[LOGIN_COOKIE_TEXT_MAX])
{
	snprintf(out, LOGIN_COOKIE_TEXT_MAX,
		 "%s=%s; Path=/;%s HttpOnly; SameSite=Strict; Max-Age=%d",
		 login_form_cookie_name(conf), value, cookie_secure(conf), FORM_COOKIE_LIFE_S);
}

void login_form_cookie_expire(const struct site_conf *conf, char out[LOGIN_COOKIE_TEXT_MAX])
{
	snprintf(out, LOGIN_COOKIE_TEXT_MAX, "%s=; Path=/;%s HttpOnly; SameSite=Strict; Max-Age=0",
		 login_form_cookie_name(conf), cookie_secure(conf));
}
