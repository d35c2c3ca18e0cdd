/*
 * Makes the names of the cookies; cookie_name.h describes them.
 */
#include "identity/cookie_name.h"

#include <stdio.h>

void cookie_name(const struct site_conf *conf, const char *role, char out[COOKIE_NAME_MAX])
{
	snprintf(out, COOKIE_NAME_MAX, "%s%s%s%s", conf->allow_http ? "" : "__Host-",
		 conf->session_cookie, conf->allow_http ? "-insecure" : "", role);
}
