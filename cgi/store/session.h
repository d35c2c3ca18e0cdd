/*
 * Login sessions of this program (not XMPP sessions). The browser holds a random token; the
 * database holds only its SHA-256 (SEC-SESS-1).
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

#define SESSION_TOKEN_LEN    43  /* base64url of 32 random bytes */
#define SESSION_MAX_PER_USER 10  /* the oldest goes: a lost cookie must not fill the table */
#define SESSION_TOUCH_S      60  /* last_seen is written at most so often */
#define SESSION_PURGE_ROWS   200 /* ended rows deleted per new session: bounded work */

struct session {
	char *source;    /* provider that vouched, "login"; owned */
	char *user;      /* owned */
	int64_t created; /* seconds, wall clock */
	int64_t last_seen;
};

struct session_life {
	int64_t idle_s;
	int64_t absolute_s;
};

/*
 * A new session with a new token (never an adopted one). old_token, if not NULL, is deleted in the
 * same transaction; the oldest beyond SESSION_MAX_PER_USER and some ended ones too. The token is
 * only valid when this returned STATUS_OK (committed). STATUS_BAD_CREDENTIALS: a user of ours who
 * was deleted or disabled since the password was checked.
 */
struct session_new {
	const char *source;
	const char *user;
	const char *old_token;
	bool only_on_site; /* source "login", but no row of ours: the site has the user */
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

enum status session_end(struct store *store, const char *token,
			struct error *err); /* an unknown token is STATUS_OK */
enum status session_end_user(struct store *store, const char *source, const char *user, int *ended,
			     struct error *err);
enum status session_end_all(struct store *store, int *ended, struct error *err);
enum status session_list(struct store *store,
			 void (*each)(void *arg, const struct session *session), void *arg,
			 struct error *err);

#endif
