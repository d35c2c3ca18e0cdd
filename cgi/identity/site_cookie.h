/*
 * The site's session cookie, for provider site_session.
 */
#ifndef IDENTITY_SITE_COOKIE_H
#define IDENTITY_SITE_COOKIE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Appends the :sid of the site's query for this cookie, after the key site_cookie_transform.
 * STATUS_BAD_REQUEST: the value is not a session id; err says why.
 */
enum status site_cookie_sid(const struct site_conf *conf, const char *cookie, struct strbuf *out,
			    struct error *err);

#endif
