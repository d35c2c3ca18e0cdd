/*
 * Reads the site's session cookie, for provider site_session.
 */
#ifndef IDENTITY_SITE_COOKIE_H
#define IDENTITY_SITE_COOKIE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Appends the value for :sid in the site's query: the cookie, converted as site_cookie_transform
 * says. Returns STATUS_BAD_REQUEST if the cookie is not a session ID; err then says why.
 */
enum status site_cookie_sid(const struct site_conf *conf, const char *cookie, struct strbuf *out,
			    struct error *err);

#endif
