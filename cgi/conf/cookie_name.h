/*
 * The names of this program's own cookies, made from the site's `session_cookie`. By default they
 * are "__Host-prebind", "__Host-prebind-login" and so on. With allow_http browsers accept no
 * __Host- cookie, so the names are "prebind-insecure", "prebind-insecure-login" and so on.
 */
#ifndef CONF_COOKIE_NAME_H
#define CONF_COOKIE_NAME_H

#include "conf/conf.h"

enum own_cookie {
	COOKIE_SESSION, /* a login session's token */
	COOKIE_FORM,    /* the login form's token is bound to this cookie */
	COOKIE_DEVICE,  /* see page/device.h */
	COOKIE_SENT,    /* see page/login_circle.h */
	COOKIE_GUEST,   /* see identity/guest_cookie.h */
	COOKIE_COUNT
};

#define COOKIE_NAME_MAX (SESSION_COOKIE_MAX + 24)

void cookie_name(const struct site_conf *conf, enum own_cookie cookie, char out[COOKIE_NAME_MAX]);

/* True if a `session_cookie` with this name could be mistaken for another cookie of ours. */
bool cookie_name_is_ambiguous(const char *name);

#endif
