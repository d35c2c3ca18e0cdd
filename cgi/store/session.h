/*
 * Login sessions of this program (not XMPP sessions). The browser holds a random token; the
 * database holds only its SHA-256 (SEC-SESS-1).
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/used_nonce.h"

#define SESSION_TOKEN_LEN    43  /* base64url of 32 random bytes */
#define SESSION_MAX_PER_USER 10  /* the oldest goes: a lost cookie must not fill the table */
#define SESSION_TOUCH_S      60  /* last_seen is written at most so often */
#define SESSION_PURGE_ROWS   200 /* ended rows deleted per new session: bounded work */

struct session {
	char *source;    /* provider that vouched, "login"; owned */
	char *user;      /* owned */
	int64_t created; /* seconds, wall clock */
	int64_t last_seen;
	bool of_site_password; /* it began with a password of the site's own table … */
	unsigned char password_mac[SECRET_SHA256_LEN]; /* … and this is of that password's hash */
};

struct session_life {
	int64_t idle_s;
	int64_t absolute_s;
};

/* A token that the site's page posted: good once. */
struct session_once {
	struct used_nonce used;
	int64_t issued; /* seconds, wall clock */
};

/*
 * A new session with a new token (never an adopted one). old_token, if not NULL, is deleted in the
 * same transaction; the oldest beyond SESSION_MAX_PER_USER and some ended ones too. The token is
 * only valid when this returned STATUS_OK (committed).
 *
 * What the login rests on is asked again in that transaction. STATUS_BAD_CREDENTIALS: a user of
 * ours has been deleted or disabled since the password was checked, or has another one; or the
 * user's tokens were revoked. STATUS_NOT_FOUND, STATUS_CONFLICT: of the one-time token, as
 * used_nonce_add.
 */
struct session_new {
	const char *source;
	const char *user;
	const char *old_token;
	const char *password_hash;       /* source "login": what the password was checked against */
	bool only_on_site;               /* that is the site's hash: no row of ours has it */
	const struct session_once *once; /* NULL: no one-time token */
	int64_t now;
	struct session_life life;
};
enum status session_create(struct store *store, const struct session_new *what,
			   char token[SESSION_TOKEN_LEN + 1], struct error *err);

/*
 * STATUS_NOT_FOUND: unknown, malformed or over. A last_seen that cannot be written is no failure
 * (REL-DB-3). The caller clears *out.
 */
enum status session_find(struct store *store, const char *token, int64_t now,
			 const struct session_life *life, struct session *out, struct error *err);
void session_clear(struct session *session);

/*
 * Is the user's password still that of the login? password_hash: what the site's table has now, or
 * NULL where the users are ours, whose sessions end with their passwords. token: the session's own.
 */
bool session_password_is(const struct session *session, const char *token,
			 const char *password_hash);

enum status session_end(struct store *store, const char *token,
			struct error *err); /* an unknown token is STATUS_OK */
enum status session_end_user(struct store *store, const char *source, const char *user, int *ended,
			     struct error *err);
enum status session_end_all(struct store *store, int *ended, struct error *err);
enum status session_list(struct store *store,
			 void (*each)(void *arg, const struct session *session), void *arg,
			 struct error *err);

#endif
