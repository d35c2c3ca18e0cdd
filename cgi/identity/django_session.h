/*
 * Reads a session as Django (3.1 and later) stores it in its database: signed JSON, which can be
 * compressed. Also reads the keys that can have signed it: SECRET_KEY, followed by those of
 * SECRET_KEY_FALLBACKS (Django 4.1).
 */
#ifndef IDENTITY_DJANGO_SESSION_H
#define IDENTITY_DJANGO_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

#define DJANGO_SESSION_MAX  65536  /* bytes of session_data */
#define DJANGO_UNPACKED_MAX 262144 /* bytes of its JSON after decompression */

#define DJANGO_KEYS_MAX 8 /* two are enough to change the key */

struct django_keys {
	struct strbuf text; /* wiped; items point into it */
	const char *items[DJANGO_KEYS_MAX];
	size_t count;
};

/* Reads the keys: one per line, and at least one. The caller clears *out. */
enum status django_keys_read(const char *file, struct django_keys *out, struct error *err);
void django_keys_clear(struct django_keys *keys);

struct django_session {
	char *user_id;   /* _auth_user_id: the user's primary key */
	char *user_hash; /* _auth_user_hash: made from the password at the time of the login */
};

/*
 * Checks the signature, which any of the keys can have made, then reads the session. Returns
 * STATUS_NOT_FOUND if it has no user. Returns STATUS_BAD_REQUEST if the signature is wrong, or the
 * format is unknown. The caller clears *out.
 */
enum status django_session_read(const char *session_data, const struct django_keys *keys,
				struct django_session *out, struct error *err);
void django_session_clear(struct django_session *session);

/*
 * Checks that password (the column of auth_user) has not changed since the login. If it has, the
 * result is STATUS_NOT_FOUND, because Django ends the session, too. Any of the keys can have made
 * the hash.
 */
enum status django_session_check(const struct django_session *session, const char *password,
				 const struct django_keys *keys, struct error *err);

/*
 * Reads the newest sessions that have not expired, and appends the result to said. Returns
 * STATUS_BAD_REQUEST if there are sessions, but none of them can be read; err then has the complete
 * message.
 */
enum status django_sessions_check(const struct site_conf *conf, const struct django_keys *keys,
				  struct strbuf *said, struct error *err);

/*
 * Returns status, which is the result of site_query. If site_query failed because the table is
 * missing, err names the session engines of Django that do not need the table.
 */
enum status django_blame_engine(const struct site_conf *conf, enum status status,
				struct error *err);

#endif
