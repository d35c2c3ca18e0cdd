/*
 * A session as Django (3.1 and later) keeps it in its database: signed, perhaps compressed JSON.
 * And the keys that it may be signed with: SECRET_KEY, and behind it those of SECRET_KEY_FALLBACKS
 * (Django 4.1).
 */
#ifndef IDENTITY_DJANGO_SESSION_H
#define IDENTITY_DJANGO_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

#define DJANGO_SESSION_MAX  65536  /* bytes of session_data */
#define DJANGO_UNPACKED_MAX 262144 /* and of the JSON in it */

#define DJANGO_KEYS_MAX 8 /* a rotation needs two */

struct django_keys {
	struct strbuf text; /* wiped; what items point into */
	const char *items[DJANGO_KEYS_MAX];
	size_t count;
};

/* A line of the file is a key; at least one. The caller clears *out. */
enum status django_keys_read(const char *file, struct django_keys *out, struct error *err);
void django_keys_clear(struct django_keys *keys);

struct django_session {
	char *user_id;   /* _auth_user_id: the user's primary key */
	char *user_hash; /* _auth_user_hash: of the password at the time of the login */
};

/*
 * Checks the signature, which any of the keys may have made, then reads. STATUS_NOT_FOUND: a
 * session without a user. STATUS_BAD_REQUEST: the signature does not hold, or the format is another
 * one. The caller clears *out.
 */
enum status django_session_read(const char *session_data, const struct django_keys *keys,
				struct django_session *out, struct error *err);
void django_session_clear(struct django_session *session);

/*
 * Is the password (the column of auth_user) still the one of the login? Else STATUS_NOT_FOUND:
 * Django ends the session, too. The hash is made with a key: with any of them.
 */
enum status django_session_check(const struct django_session *session, const char *password,
				 const struct django_keys *keys, struct error *err);

#endif
