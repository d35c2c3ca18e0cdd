/*
 * The names of prebind's own cookies, made from the site's `session_cookie`. By default the names
 * are "__Host-prebind", "__Host-prebind-login" and so on. If allow_http is on, the names are
 * "prebind-insecure", "prebind-insecure-login" and so on, because browsers accept __Host- cookies
 * only over HTTPS.
 */
#ifndef CONF_COOKIE_NAME_H
#define CONF_COOKIE_NAME_H

#include "conf/conf.h"

enum own_cookie {
	COOKIE_SESSION, /* has the token of a login session */
	COOKIE_FORM,    /* the token in the login form is bound to this cookie */
	COOKIE_DEVICE,  /* see page/device.h */
	COOKIE_SENT,    /* see page/login_circle.h */
	COOKIE_GUEST,   /* see identity/guest_cookie.h */
	COOKIE_COUNT
};

#define COOKIE_NAME_MAX (SESSION_COOKIE_MAX + 24)

void cookie_name(const struct site_conf *conf, enum own_cookie cookie, char out[COOKIE_NAME_MAX]);

/*
 * Returns true if a `session_cookie` of this name could be confused with another cookie of prebind.
 */
bool cookie_name_is_ambiguous(const char *name);

#endif
