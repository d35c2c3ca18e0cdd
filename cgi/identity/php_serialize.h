/*
 * Reads one value from a session that PHP has written (session.serialize_handler php, php_serialize
 * or php_binary). No object is built: the text is read from its first byte to its last, and the
 * value at the path is copied. Pure; safe for hostile input.
 */
#ifndef IDENTITY_PHP_SERIALIZE_H
#define IDENTITY_PHP_SERIALIZE_H

#include <stddef.h>

#include "base/error.h"
#include "conf/conf.h"

#define PHP_DEPTH_MAX  64     /* nested arrays; a session has about five levels */
#define PHP_VALUES_MAX 100000 /* in one session of at most a megabyte */

/*
 * Copies the text or whole number at the path into *out, which the caller frees. The path
 * "user.name" means the element name of the array user, or the public property name of the object
 * user. Returns STATUS_NOT_FOUND if the value is absent, null or false, which means that no user is
 * logged in. Returns STATUS_BAD_REQUEST if the session is malformed, or if the value (or an element
 * on the way to it) has another type. The value can be a reference to a text or a whole number, but
 * an element on the way to it cannot be a reference. This refuses every session that PHP (7.1 and
 * later) refuses. It also refuses a name that occurs twice and a number that is not spelled as PHP
 * writes it.
 */
struct php_session {
	enum conf_php_format format;
	const char *data;
	size_t len;
};
enum status php_session_get(const struct php_session *session, const char *path, char **out,
			    struct error *err);

#endif
