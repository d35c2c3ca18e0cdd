/*
 * Reads a PHP session that a site stores in its database, either in PHP's own format or in base64.
 */
#ifndef IDENTITY_PACKED_PHP_H
#define IDENTITY_PACKED_PHP_H

#include "base/error.h"
#include "conf/conf.h"

#define PACKED_PHP_MAX 262144 /* in bytes; a Roundcube session has about ten thousand */

struct packed_php {
	char *user;         /* value at the path php_session_user; owned */
	char *display_name; /* value at the path php_session_display; owned; NULL if absent */
	char *password; /* value at the path php_session_password; owned; NULL without that key */
};

/*
 * Reads the user of a session. Returns STATUS_NOT_FOUND if no user is logged in, and
 * STATUS_BAD_REQUEST if session_data is not a PHP session. The caller clears *out.
 */
enum status packed_php_read(const char *session_data, const struct site_conf *conf,
			    struct packed_php *out, struct error *err);
void packed_php_clear(struct packed_php *session);

#endif
