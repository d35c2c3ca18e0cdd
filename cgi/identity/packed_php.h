/*
 * A session of PHP that a site keeps in its database: as PHP writes it, or in base64.
 */
#ifndef IDENTITY_PACKED_PHP_H
#define IDENTITY_PACKED_PHP_H

#include "base/error.h"
#include "conf/conf.h"

#define PACKED_PHP_MAX 262144 /* bytes; Roundcube's sessions have some ten thousand */

struct packed_php {
	char *user;         /* the value at php_session_user; owned */
	char *display_name; /* at php_session_display; owned; NULL: none */
	char *password;     /* at php_session_password; owned; NULL: that key is empty */
};

/*
 * STATUS_NOT_FOUND: no user is logged in. STATUS_BAD_REQUEST: it is no session of PHP. The caller
 * clears *out.
 */
enum status packed_php_read(const char *session_data, const struct site_conf *conf,
			    struct packed_php *out, struct error *err);
void packed_php_clear(struct packed_php *session);

#endif
