/*
 * One value out of a session that PHP has written (session.serialize_handler php, php_serialize or
 * php_binary). Nothing is built from the text: it is walked over from its first byte to its last,
 * and what stands at the path is copied. Pure; for hostile bytes.
 */
#ifndef IDENTITY_PHP_SERIALIZE_H
#define IDENTITY_PHP_SERIALIZE_H

#include <stddef.h>

#include "base/error.h"
#include "conf/conf.h"

#define PHP_DEPTH_MAX  64     /* arrays in arrays; a session has some five */
#define PHP_VALUES_MAX 100000 /* in one session of at most a megabyte */

/*
 * The text or whole number at the path ("user.name": the element name of the array, or the public
 * property of the object, user) into *out, which the caller frees. STATUS_NOT_FOUND: it is not
 * there, null or false: nobody is logged in. STATUS_BAD_REQUEST: the session is broken, or what
 * stands there (or on the way) is of another kind. A reference to a text or a whole number is
 * read; one on the way is not. What PHP (from 7.1 on) refuses is refused; so is a name that comes
 * twice, and a number that is not spelled as PHP writes it.
 */
struct php_session {
	enum conf_php_format format;
	const char *data;
	size_t len;
};
enum status php_session_get(const struct php_session *session, const char *path, char **out,
			    struct error *err);

#endif
