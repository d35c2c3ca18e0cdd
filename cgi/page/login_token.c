/*
 * POST /login with a token of the site: the site's page hands over a visitor, who gets a session of
 * ours. The form comes from the site's origin, so it cannot have a token of our own forms. Instead
 * its Origin must be in the configuration. Otherwise any page could log in its visitors as another
 * user.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "identity/login_session.h"
#include "identity/token.h"
#include "page/cookie.h"
#include "page/page.h"

bool login_is_handover(const struct exchange *ex)
{
	return ex->req.method == HTTP_POST && fields_get(&ex->req.form, "sso") != NULL &&
	       token_may_be_posted(ex->site->conf);
}

enum status login_handover_check(const struct exchange *ex, struct error *err)
{
	const char *origin = ex->req.origin;

	if (fields_get(&ex->req.form, "user") != NULL ||
	    fields_get(&ex->req.form, "password") != NULL)
		return error_set(err, STATUS_BAD_REQUEST, "a token and a password at once");
	if (origin != NULL && conf_list_has(&ex->site->conf->token_origins, origin))
		return STATUS_OK;
	return error_set(err, STATUS_FORBIDDEN,
			 "a token was posted from %s, which is not in token_origins%s",
			 origin == NULL ? "no origin" : origin,
			 origin != NULL && strcmp(origin, "null") == 0
			     ? " (the page sends Referrer-Policy: no-referrer)"
			     : "");
}

enum status login_handover(struct exchange *ex, char token[SESSION_TOKEN_LEN + 1],
			   struct error *err)
{
	struct identity_context context = exchange_context(ex);
	struct token_handover what = {.text = fields_get(&ex->req.form, "sso")};
	char *old_token = cookie_get(&ex->req, ex->site->conf, COOKIE_SESSION);
	char *user = NULL;

	what.old_token = old_token;
	enum status status = token_session_create(&context, &what, token, &user, err);
	bool ok = status == STATUS_OK;
	log_event(ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  ok ? "token_login_ok" : "token_login_failed", "id", ex->req.id, "site",
		  ex->site->conf->name, "user", user, "ip", ex->req.remote_addr, "why",
		  ok ? NULL : err->text, NULL);
	secret_free(old_token);
	free(user);
	/* Nobody typed a password, so the visitor must not read about a wrong one. */
	return status == STATUS_BAD_CREDENTIALS ? STATUS_FORBIDDEN : status;
}
