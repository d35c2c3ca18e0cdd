/*
 * Counts redirects in a cookie, whose value is one digit. Each redirect sets the cookie again. A
 * browser can forge the value, but this affects no other browser.
 */
#include "page/login_circle.h"

#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/secret.h"
#include "page/cookie.h"

#define TIMES_MAX 3  /* no visitor logs in and comes back this often within LIFE_S */
#define LIFE_S    10 /* in seconds; a redirect loop takes less time */

/* Returns the number of redirects from the browser's cookie, or 0 if the value is invalid. */
static int times_sent(const struct exchange *ex)
{
	char *value = cookie_get(&ex->req, ex->site->conf, COOKIE_SENT);
	int times = 0;

	if (value != NULL && strlen(value) == 1 && value[0] >= '1' && value[0] <= '9')
		times = value[0] - '0';
	secret_free(value);
	return times;
}

bool login_circle_redirect(struct exchange *ex)
{
	const struct site_conf *conf = ex->site->conf;
	char count[CODEC_DECIMAL_SIZE];
	int times = times_sent(ex);
	if (times >= TIMES_MAX) {
		log_event(LOG_LEVEL_WARN, "login_circle", "id", ex->req.id, "site", conf->name,
			  "ip", ex->req.remote_addr, "why",
			  "the browser was redirected to login_url several times and returned "
			  "immediately, so no provider in `identity` finds the site's login. Check "
			  "the configured cookie, path and database",
			  NULL);
		return false;
	}
	response_redirect(ex->res, conf->login_url);
	cookie_set(ex->res, conf, COOKIE_SENT, codec_decimal(count, times + 1), LIFE_S);
	return true;
}
