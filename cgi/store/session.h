/*
 * Login sessions of this program (not XMPP sessions). The browser has a random token. The database
 * has only its SHA-256, so a copy of the database lets nobody log in.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/token_record.h"

#define SESSION_TOKEN_LEN    43  /* base64url of 32 random bytes */
#define SESSION_MAX_PER_USER 10  /* oldest ones go: lost cookies must not fill the table */
#define SESSION_TOUCH_S      60  /* seconds between two writes of last_seen */
#define SESSION_PURGE_ROWS   200 /* ended rows deleted per new session: bounded work */

struct session {
	char *source;    /* owned; the provider that authenticated the user, for example "login" */
	char *user;      /* owned */
	int64_t created; /* seconds, wall clock */
	int64_t last_seen;
	bool of_site_password; /* it began with a password from the site's own table */
	unsigned char
	    password_mac[SECRET_SHA256_LEN]; /* … and this is the MAC of that password's hash */
};

struct session_life {
	int64_t idle_s;
	int64_t absolute_s;
};

/* A one-time token that the site's page posted. */
struct session_once {
	struct used_nonce used;
	int64_t issued; /* seconds, wall clock */
};

/*
 * Creates a session with a new token; a token from outside is never adopted. The same transaction
 * deletes old_token (unless NULL), the oldest sessions beyond SESSION_MAX_PER_USER and some ended
 * ones. The token is valid only after STATUS_OK (committed). The transaction checks again what the
 * login is based on. STATUS_BAD_CREDENTIALS: since the password was checked, the user of provider
 * `login` was deleted or disabled or got another password; or the user's tokens were revoked.
 * STATUS_NOT_FOUND, STATUS_CONFLICT: the one-time token failed as in used_nonce_add.
 */
struct session_new {
	const char *source;
	const char *user;
	const char *old_token;
	const char *password_hash;       /* the hash that the password was checked against */
	bool only_on_site;               /* the hash is in the site's table, not in ours */
	const struct session_once *once; /* NULL: the login has no one-time token */
	int64_t now;                     /* a server's database decides by its own clock instead */
	struct session_life life;
};
enum status session_create(struct store *store, const struct session_new *what,
			   char token[SESSION_TOKEN_LEN + 1], struct error *err);

/*
 * STATUS_NOT_FOUND: the token is unknown, malformed or ended. It is no failure if last_seen cannot
 * be written, so sessions work on a full disk. The caller clears *out.
 */
enum status session_find(struct store *store, const char *token, int64_t now,
			 const struct session_life *life, struct session *out, struct error *err);
void session_clear(struct session *session);

/*
 * True if the user's password is still the one of the login. password_hash is the hash that the
 * site's table has now. It is NULL for users of our own table, whose sessions end when the password
 * changes. token is the token of the session.
 */
bool session_password_is(const struct session *session, const char *token,
			 const char *password_hash);

/* STATUS_OK also for an unknown token. */
enum status session_end(struct store *store, const char *token, struct error *err);
enum status session_end_user(struct store *store, const char *source, const char *user, int *ended,
			     struct error *err);
enum status session_end_all(struct store *store, int *ended, struct error *err);
enum status session_list(struct store *store,
			 void (*each)(void *arg, const struct session *session), void *arg,
			 struct error *err);

#endif
