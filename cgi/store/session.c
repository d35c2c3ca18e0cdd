/*
 * Login sessions. The database has only the SHA-256 of a token. A fast hash is enough, because the
 * token is 32 random bytes and cannot be guessed. Whether a session has ended depends on the
 * caller's clock, or on the server's clock if the database is on a server. The row of an ended
 * session is deleted later.
 */
#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/session.h"
#include "store/connection.h"

#define TOKEN_BYTES           32
#define TOUCH_LOCK_TIMEOUT_MS 20 /* short, so that no page waits; a later request tries again */

void session_clear(struct session *session)
{
	row_clear(QUERY_SESSION_FIND, session);
}

/* ---- tokens ---- */

struct token_hash {
	unsigned char bytes[SECRET_SHA256_LEN];
};

static struct value as_hash(const struct token_hash *hash)
{
	return as_blob(hash->bytes, sizeof(hash->bytes));
}

/* Returns false if the string cannot be one of our tokens. */
static bool hash_token(const char *token, struct token_hash *out)
{
	if (token == NULL || strnlen(token, SESSION_TOKEN_LEN + 1) != SESSION_TOKEN_LEN)
		return false;
	secret_sha256(out->bytes, token, SESSION_TOKEN_LEN);
	return true;
}

static enum status make_token(char out[SESSION_TOKEN_LEN + 1], struct error *err)
{
	unsigned char random[TOKEN_BYTES];
	struct strbuf text;
	enum status status = STATUS_OK;

	secret_random(random, sizeof(random));
	strbuf_init_secret(&text);
	codec_base64url(&text, random, sizeof(random));
	if (strbuf_ok(&text))
		memcpy(out, text.data, SESSION_TOKEN_LEN + 1);
	else
		status = error_no_memory(err);
	strbuf_clear(&text);
	secret_wipe(random, sizeof(random));
	return status;
}

/* ---- password of the site's table ---- */

/*
 * The key of the MAC is the token, which is not in the database. So a copy of the database does not
 * show whether two users have the same hash. A copy also cannot be used to test whether a user has
 * a certain hash.
 */
static void password_mac(const char *token, const char *password_hash,
			 unsigned char out[SECRET_SHA256_LEN])
{
	static const char domain[] = "prebind-session-password-v1"; /* hashed including its NUL */
	const struct secret_part key = {token, SESSION_TOKEN_LEN};
	const struct secret_part parts[] = {
	    {domain,        sizeof(domain)       },
	    {password_hash, strlen(password_hash)},
	};

	secret_hmac_keyed(out, &key, parts, sizeof(parts) / sizeof(parts[0]));
}

bool session_password_is(const struct session *session, const char *token,
			 const char *password_hash)
{
	unsigned char mac[SECRET_SHA256_LEN];

	if (password_hash == NULL || !session->of_site_password)
		return password_hash == NULL && !session->of_site_password;
	if (strlen(token) != SESSION_TOKEN_LEN)
		return false;
	password_mac(token, password_hash, mac);
	return secret_equal(mac, session->password_mac, sizeof(mac));
}

/* ---- create ---- */

/*
 * Compares only last_seen, not the absolute end of the session. This is enough, because last_seen
 * is not updated after the absolute end.
 */
static enum status purge_ended(struct connection *db, const struct session_new *what,
			       struct error *err)
{
	const struct session_life *life = &what->life;
	int64_t age = life->idle_s < life->absolute_s ? life->idle_s : life->absolute_s;

	return connection_run(db, QUERY_SESSION_PURGE,
			      VALUES(as_integer(what->now - age), as_integer(SESSION_PURGE_ROWS)),
			      NULL, err);
}

static enum status evict_oldest(struct connection *db, const struct session_new *what,
				struct error *err)
{
	const int kept = SESSION_MAX_PER_USER - 1; /* leaves room for the new session */

	return connection_run(db, QUERY_SESSION_EVICT,
			      VALUES(as_text(what->source), as_text(what->user), as_integer(kept)),
			      NULL, err);
}

static enum status add(struct connection *db, const struct session_new *what, const char *token,
		       struct error *err)
{
	struct token_hash hash;
	unsigned char mac[SECRET_SHA256_LEN];

	hash_token(token, &hash);
	if (what->only_on_site)
		password_mac(token, what->password_hash, mac);
	enum status status = connection_change(
	    db, QUERY_SESSION_ADD,
	    VALUES(as_hash(&hash), as_text(what->source), as_text(what->user),
		   as_integer(what->now), as_blob(what->only_on_site ? mac : NULL, sizeof(mac)),
		   as_text(what->only_on_site ? NULL : what->password_hash)),
	    err);
	if (status == STATUS_NOT_FOUND)
		return error_set(err, STATUS_BAD_CREDENTIALS,
				 "site user \"%s\" does not exist or is disabled, or the password "
				 "was changed during this login",
				 what->user);
	return status;
}

/*
 * Marks the one-time token as used, if the login has one. Fails if the token is expired, used or
 * revoked.
 */
static enum status use_once(struct connection *db, const struct session_new *what,
			    struct error *err)
{
	if (what->once == NULL)
		return STATUS_OK;
	enum status status = used_nonce_note(db, &what->once->used, err);
	return status == STATUS_OK ? token_revocation_check(db, what->user, what->once->issued, err)
				   : status;
}

static enum status replace(struct connection *db, const struct session_new *asked,
			   const char *token, struct error *err)
{
	struct session_new now = *asked;
	const struct session_new *what = &now;
	struct token_hash old;
	enum status status = connection_clock_s(db, asked->now, &now.now, err);

	if (status == STATUS_OK)
		status = use_once(db, what, err);

	if (status == STATUS_OK && hash_token(what->old_token, &old))
		status = connection_run(db, QUERY_SESSION_END, VALUES(as_hash(&old)), NULL, err);
	if (status == STATUS_OK)
		status = purge_ended(db, what, err);
	if (status == STATUS_OK)
		status = evict_oldest(db, what, err);
	if (status == STATUS_OK)
		status = add(db, what, token, err);
	return status;
}

enum status session_create(struct store *store, const struct session_new *what,
			   char token[SESSION_TOKEN_LEN + 1], struct error *err)
{
	const struct store_key key = {
	    .scope = KEY_USER, .names = {what->source, what->user}
        };
	char fresh[SESSION_TOKEN_LEN + 1];
	struct connection *db;
	enum status status = make_token(fresh, err);

	if (status == STATUS_OK)
		status = store_begin(store, &key, &db, err);
	if (status != STATUS_OK)
		goto out;
	status = replace(db, what, fresh, err);
	status = store_end(store, db, status, err);
	if (status == STATUS_OK)
		memcpy(token, fresh, sizeof(fresh));
out:
	secret_wipe(fresh, sizeof(fresh));
	return status;
}

/* ---- find ---- */

static enum status no_session(struct error *err)
{
	return error_set(err, STATUS_NOT_FOUND, "the session does not exist or has ended");
}

/* True if the session has ended. A clock that was set back does not end a session. */
static bool is_over(const struct session *session, int64_t now, const struct session_life *life)
{
	return now - session->last_seen >= life->idle_s ||
	       now - session->created >= life->absolute_s;
}

/*
 * Updates last_seen. A failure is only logged, because a full disk must not log everybody out. A
 * lock timeout is not even logged.
 */
static void touch(struct connection *db, const struct token_hash *hash, int64_t now)
{
	struct error why;

	connection_reset(db); /* the SELECT must not keep its snapshot during the write */
	connection_lock_timeout(db, TOUCH_LOCK_TIMEOUT_MS);
	enum status status = connection_run(
	    db, QUERY_SESSION_TOUCH,
	    VALUES(as_hash(hash), as_integer(now), as_integer(now - SESSION_TOUCH_S)), NULL, &why);
	if (status != STATUS_OK && connection_fault(db) != FAULT_BUSY)
		log_event(LOG_LEVEL_WARN, "session_touch_failed", "why", why.text, NULL);
	connection_reset(db); /* also restores the default lock timeout */
}

/* Sets *now from the clock that set the session's times. Clears the session on failure. */
static enum status age_now(struct connection *db, int64_t *now, struct session *session,
			   struct error *err)
{
	enum status status = connection_clock_s(db, *now, now, err);

	if (status != STATUS_OK)
		session_clear(session);
	return status;
}

enum status session_find(struct store *store, const char *token, int64_t now,
			 const struct session_life *life, struct session *out, struct error *err)
{
	struct token_hash hash;
	struct session session;
	struct connection *db;

	if (!hash_token(token, &hash))
		return no_session(err);
	enum status status = store_borrow(store, &db, err);
	if (status != STATUS_OK)
		return status;
	status = connection_find(db, QUERY_SESSION_FIND, VALUES(as_hash(&hash)), &session, err);
	if (status == STATUS_NOT_FOUND)
		status = no_session(err);
	else if (status == STATUS_OK)
		status = age_now(db, &now, &session, err);
	if (status == STATUS_OK && is_over(&session, now, life)) {
		session_clear(&session);
		status = no_session(err);
	}
	if (status == STATUS_OK) {
		if (now - session.last_seen >= SESSION_TOUCH_S)
			touch(db, &hash, now);
		*out = session;
	}
	store_return(store, db);
	return status;
}

/* ---- end ---- */

enum status session_end(struct store *store, const char *token, struct error *err)
{
	struct token_hash hash;

	if (!hash_token(token, &hash))
		return STATUS_OK;
	return store_run(store, QUERY_SESSION_END, VALUES(as_hash(&hash)), NULL, err);
}

enum status session_end_user(struct store *store, const char *source, const char *user, int *ended,
			     struct error *err)
{
	return store_run(store, QUERY_SESSION_END_USER, VALUES(as_text(source), as_text(user)),
			 ended, err);
}

enum status session_end_all(struct store *store, int *ended, struct error *err)
{
	return store_run(store, QUERY_SESSION_END_ALL, NO_VALUES, ended, err);
}

enum status session_list(struct store *store,
			 void (*each)(void *arg, const struct session *session), void *arg,
			 struct error *err)
{
	struct row_list list;
	enum status status = store_list(store, QUERY_SESSION_LIST, NO_VALUES, &list, err);
	const struct session *sessions = list.rows;

	for (size_t i = 0; status == STATUS_OK && i < list.count; i++)
		each(arg, &sessions[i]);
	row_list_clear(&list);
	return status;
}
