/*
 * Reads a session as Django (3.1 and later) stores it in its database: signed JSON, sometimes
 * compressed. Also reads the keys that verify it: SECRET_KEY, then those of SECRET_KEY_FALLBACKS
 * (Django 4.1).
 */
#ifndef IDENTITY_DJANGO_SESSION_H
#define IDENTITY_DJANGO_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

#define DJANGO_SESSION_MAX  65536  /* maximum bytes of session_data */
#define DJANGO_UNPACKED_MAX 262144 /* maximum bytes of the decompressed JSON */

#define DJANGO_KEYS_MAX 8 /* a site needs two keys while it replaces its key */

struct django_keys {
	struct strbuf text; /* wiped before it is freed; items point into it */
	const char *items[DJANGO_KEYS_MAX];
	size_t count;
};

/*
 * Reads the keys from the file, which has one key per line and at least one key. The caller clears
 * *out.
 */
enum status django_keys_read(const char *file, struct django_keys *out, struct error *err);
void django_keys_clear(struct django_keys *keys);

struct django_session {
	char *user_id;   /* _auth_user_id, the user's primary key */
	char *user_hash; /* _auth_user_hash, which Django made from the password at login */
};

/*
 * Checks the signature with each key, then reads the session. Returns STATUS_NOT_FOUND if the
 * session has no user. Returns STATUS_BAD_REQUEST if no key made the signature, or the format is
 * unknown. The caller clears *out.
 */
enum status django_session_read(const char *session_data, const struct django_keys *keys,
				struct django_session *out, struct error *err);
void django_session_clear(struct django_session *session);

/*
 * Checks that the password has not changed since the login. `password` is the column of auth_user.
 * Returns STATUS_NOT_FOUND if the password has changed, because Django then also ends the session.
 * Accepts a hash made with any of the keys.
 */
enum status django_session_check(const struct django_session *session, const char *password,
				 const struct django_keys *keys, struct error *err);

/*
 * For `prebindctl check`: tries to read the newest sessions that have not expired, and appends the
 * result to `said`. Returns STATUS_BAD_REQUEST if sessions exist, but none can be read; err then
 * has the whole message, and nothing is appended to `said`.
 */
enum status django_sessions_check(const struct site_conf *conf, const struct django_keys *keys,
				  struct strbuf *said, struct error *err);

/*
 * Returns `status`, the result of site_query, unchanged. If site_query failed because the table is
 * missing, err names Django's session engines that do not need the table.
 */
enum status django_blame_engine(const struct site_conf *conf, enum status status,
				struct error *err);

#endif
