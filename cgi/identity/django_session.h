/*
 * A session as Django (3.1 and later) stores it in its database: signed JSON, which may be
 * compressed. Also the keys that may have signed it: SECRET_KEY, followed by those of
 * SECRET_KEY_FALLBACKS (Django 4.1).
 */
#ifndef IDENTITY_DJANGO_SESSION_H
#define IDENTITY_DJANGO_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

#define DJANGO_SESSION_MAX  65536  /* bytes of session_data */
#define DJANGO_UNPACKED_MAX 262144 /* bytes of the JSON in it, unpacked */

#define DJANGO_KEYS_MAX 8 /* a rotation needs two */

struct django_keys {
	struct strbuf text; /* wiped; items point into it */
	const char *items[DJANGO_KEYS_MAX];
	size_t count;
};

/* Reads the keys, one a line and at least one. The caller clears *out. */
enum status django_keys_read(const char *file, struct django_keys *out, struct error *err);
void django_keys_clear(struct django_keys *keys);

struct django_session {
	char *user_id;   /* _auth_user_id: the user's primary key */
	char *user_hash; /* _auth_user_hash: made from the password at the time of the login */
};

/*
 * Checks the signature, which any of the keys may have made, then reads the session.
 * STATUS_NOT_FOUND: it has no user. STATUS_BAD_REQUEST: the signature is wrong, or the format is
 * unknown. The caller clears *out.
 */
enum status django_session_read(const char *session_data, const struct django_keys *keys,
				struct django_session *out, struct error *err);
void django_session_clear(struct django_session *session);

/*
 * Checks that password (the column of auth_user) is still the one of the login. Otherwise the
 * result is STATUS_NOT_FOUND, because Django ends the session, too. Any of the keys may have made
 * the hash.
 */
enum status django_session_check(const struct django_session *session, const char *password,
				 const struct django_keys *keys, struct error *err);

/*
 * Reads the newest sessions that have not expired, and appends what it found to said.
 * STATUS_BAD_REQUEST: none of them can be read; err has the whole sentence.
 */
enum status django_sessions_check(const struct site_conf *conf, const struct django_keys *keys,
				  struct strbuf *said, struct error *err);

/*
 * Takes the failure of site_query and returns its status. If the table is missing, err names the
 * engines of Django that need none.
 */
enum status django_blame_engine(const struct site_conf *conf, enum status status,
				struct error *err);

#endif
