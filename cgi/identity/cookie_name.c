/*
 * One place that puts the names together; cookie_name.h says what they look like.
 */
#include "identity/cookie_name.h"

#include <stdio.h>

void cookie_name(const struct site_conf *conf, const char *role, char out[COOKIE_NAME_MAX])
{
	snprintf(out, COOKIE_NAME_MAX, "%s%s%s%s", conf->allow_http ? "" : "__Host-",
		 conf->session_cookie, conf->allow_http ? "-insecure" : "", role);
}
