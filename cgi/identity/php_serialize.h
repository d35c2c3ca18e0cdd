/*
 * Reads one value from a session that PHP wrote (session.serialize_handler php, php_serialize or
 * php_binary). It creates no objects: it reads the data from the first byte to the last, and copies
 * the value at the path. Pure; safe for hostile input.
 */
#ifndef IDENTITY_PHP_SERIALIZE_H
#define IDENTITY_PHP_SERIALIZE_H

#include <stddef.h>

#include "base/error.h"
#include "conf/conf.h"

#define PHP_DEPTH_MAX  64     /* levels of nested arrays; a typical session has about five */
#define PHP_VALUES_MAX 100000 /* values in a session, whose size is at most a megabyte */

/*
 * Copies the string or whole number at the path into *out, which the caller frees. The path
 * "user.name" means the element `name` of the array `user`, or the public property `name` of the
 * object `user`. Returns STATUS_NOT_FOUND if the value is absent, null or false, because each means
 * that no user is logged in. Returns STATUS_BAD_REQUEST if the session is malformed, or if the
 * value (or an element on the path) has a wrong type. The value can be a reference to a string or a
 * whole number; the other elements on the path must not be references. Every session that PHP (7.1
 * and later) refuses is refused here. A name that occurs twice, or a number not written as PHP
 * writes it, is also refused.
 */
struct php_session {
	enum conf_php_format format;
	const char *data;
	size_t len;
};
enum status php_session_get(const struct php_session *session, const char *path, char **out,
			    struct error *err);

#endif
