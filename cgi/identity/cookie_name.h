/*
 * The names of this program's own cookies, made from the site's `session_cookie`. By default they
 * are "__Host-prebind", "__Host-prebind-login" and "__Host-prebind-device". With allow_http
 * browsers accept no __Host- cookie, so they are "prebind-insecure" and so on.
 */
#ifndef IDENTITY_COOKIE_NAME_H
#define IDENTITY_COOKIE_NAME_H

#include "conf/conf.h"

#define COOKIE_NAME_MAX (SESSION_COOKIE_MAX + 24)

/* role: "", "-login", "-device", "-sent". */
void cookie_name(const struct site_conf *conf, const char *role, char out[COOKIE_NAME_MAX]);

#endif
