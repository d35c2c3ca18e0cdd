/*
 * Makes the names of prebind's own cookies; cookie_name.h describes them.
 */
#include "conf/cookie_name.h"

#include <stdio.h>
#include <string.h>

#define INSECURE "-insecure"

static const char *const endings[COOKIE_COUNT] = {
    [COOKIE_SESSION] = "",   [COOKIE_FORM] = "-login",  [COOKIE_DEVICE] = "-device",
    [COOKIE_SENT] = "-sent", [COOKIE_GUEST] = "-guest",
};

void cookie_name(const struct site_conf *conf, enum own_cookie cookie, char out[COOKIE_NAME_MAX])
{
	snprintf(out, COOKIE_NAME_MAX, "%s%s%s%s", conf->allow_http ? "" : "__Host-",
		 conf->session_cookie, conf->allow_http ? INSECURE : "", endings[cookie]);
}

static bool ends_with(const char *text, const char *ending)
{
	size_t len = strlen(text), tail = strlen(ending);

	return tail > 0 && len >= tail && strcmp(text + len - tail, ending) == 0;
}

bool cookie_name_is_ambiguous(const char *name)
{
	for (size_t i = 0; i < COOKIE_COUNT; i++) {
		if (ends_with(name, endings[i]))
			return true;
	}
	return ends_with(name, INSECURE);
}
