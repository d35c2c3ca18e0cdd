/*
 * The cookie's value is the count, one digit, set again by each redirect. A browser can forge it,
 * but that affects only itself.
 */
#include "page/login_circle.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "identity/cookie_name.h"

#define TIMES_MAX  3  /* nobody logs in and returns more often in that time */
#define LIFE_S     10 /* seconds; a redirect loop is faster */
#define COOKIE_MAX (COOKIE_NAME_MAX + 96)

/*
 * Returns how often the browser was redirected in the last seconds. An invalid value counts as 0.
 */
static int times_sent(const struct exchange *ex, const char *name)
{
	char *value = NULL;
	int times = 0;

	request_cookie(&ex->req, name, &value, NULL);
	if (value != NULL && strlen(value) == 1 && value[0] >= '1' && value[0] <= '9')
		times = value[0] - '0';
	secret_free(value);
	return times;
}

bool login_circle_redirect(struct exchange *ex)
{
	const struct site_conf *conf = ex->site->conf;
	char name[COOKIE_NAME_MAX];
	char cookie[COOKIE_MAX];

	cookie_name(conf, "-sent", name);
	int times = times_sent(ex, name);
	if (times >= TIMES_MAX) {
		log_event(LOG_LEVEL_WARN, "login_circle", "id", ex->req.id, "site", conf->name,
			  "ip", ex->req.remote_addr, "why",
			  "the browser was sent to login_url again and again and came straight "
			  "back: the site sees a login that no provider of `identity` sees; is it "
			  "the right cookie, path and database?",
			  NULL);
		return false;
	}
	snprintf(cookie, sizeof(cookie), "%s=%d; Path=/;%s HttpOnly; SameSite=Lax; Max-Age=%d",
		 name, times + 1, conf->allow_http ? "" : " Secure;", LIFE_S);
	response_redirect(ex->res, conf->login_url);
	response_cookie(ex->res, cookie);
	return true;
}
