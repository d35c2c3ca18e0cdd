/*
 * Login sessions of this program (not XMPP sessions). The browser has a random token. The database
 * stores only the token's SHA-256, so nobody can log in with a copy of the database.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/token_record.h"

#define SESSION_TOKEN_LEN    43  /* base64url of 32 random bytes */
#define SESSION_MAX_PER_USER 10  /* the oldest is deleted, so lost cookies cannot fill the table */
#define SESSION_TOUCH_S      60  /* seconds between two writes of last_seen */
#define SESSION_PURGE_ROWS   200 /* ended sessions deleted per new session, to bound the work */

struct session {
	char *source;    /* owned; the provider that authenticated the user, for example "login" */
	char *user;      /* owned */
	int64_t created; /* seconds, wall clock */
	int64_t last_seen;
	bool of_site_password; /* the login used a password from the site's own table */
	unsigned char
	    password_mac[SECRET_SHA256_LEN]; /* MAC of the password's hash, if of_site_password */
};

struct session_life {
	int64_t idle_s;
	int64_t absolute_s;
};

/* A one-time token that a page of the site posted. */
struct session_once {
	struct used_nonce used;
	int64_t issued; /* seconds, wall clock */
};

/*
 * Creates a session with a new random token. A token from the browser is never used for a new
 * session. The same transaction deletes three things: the session of old_token (unless NULL), the
 * oldest sessions beyond SESSION_MAX_PER_USER, and some ended sessions. The token is valid only
 * after STATUS_OK (committed).
 *
 * The transaction checks again the data on which the login is based. Returns STATUS_BAD_CREDENTIALS
 * if the user's tokens were revoked. Also returns STATUS_BAD_CREDENTIALS if the user of provider
 * `login` was deleted, disabled or given another password after the password was checked. Returns
 * the errors of used_nonce_add if the one-time token cannot be used.
 */
struct session_new {
	const char *source;
	const char *user;
	const char *old_token;
	const char *password_hash;       /* the hash that the password was checked against */
	bool only_on_site;               /* the hash comes from the site's table, not from ours */
	const struct session_once *once; /* NULL if the login has no one-time token */
	int64_t now;                     /* a server's database uses its own clock instead */
	struct session_life life;
};
enum status session_create(struct store *store, const struct session_new *what,
			   char token[SESSION_TOKEN_LEN + 1], struct error *err);

/*
 * Returns STATUS_NOT_FOUND if the token is unknown, malformed or ended. If last_seen cannot be
 * written, that is not a failure, so sessions also work on a full disk. The caller clears *out.
 */
enum status session_find(struct store *store, const char *token, int64_t now,
			 const struct session_life *life, struct session *out, struct error *err);
void session_clear(struct session *session);

/*
 * True if the user's password has not changed since the login. password_hash is the hash that the
 * site's table has now. password_hash is NULL for users of our own table, because their sessions
 * end when the password changes. `token` is the token of the session.
 */
bool session_password_is(const struct session *session, const char *token,
			 const char *password_hash);

/* Also returns STATUS_OK for an unknown token. */
enum status session_end(struct store *store, const char *token, struct error *err);
enum status session_end_user(struct store *store, const char *source, const char *user, int *ended,
			     struct error *err);
enum status session_end_all(struct store *store, int *ended, struct error *err);
enum status session_list(struct store *store,
			 void (*each)(void *arg, const struct session *session), void *arg,
			 struct error *err);

#endif
