/*
 * Login sessions (SEC-SESS-1 … 5), by a clock that the test holds.
 */
#include "unit.h"

#include <pthread.h>
#include <time.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "store/session.h"
#include "store/token_record.h"
#include "store_fixture.h"
#include "users.h"

#define NOW 1700000000

typedef char token_text[SESSION_TOKEN_LEN + 1];

static const struct session_life life = {.idle_s = 1800, .absolute_s = 43200};

static void create(struct store *store, const char *user, int64_t now, token_text token)
{
	struct session_new what = {.source = "token", .user = user, .now = now, .life = life};

	assert_ok(session_create(store, &what, token, ERR));
}

static enum status find(struct store *store, const char *token, int64_t now)
{
	struct session session;
	enum status status = session_find(store, token, now, &life, &session, NULL);

	if (status == STATUS_OK)
		session_clear(&session);
	return status;
}

static void count_one(void *arg, const struct session *session)
{
	assert_non_null(session->source);
	assert_non_null(session->user);
	++*(int *)arg;
}

static int count(struct store *store)
{
	int n = 0;

	assert_ok(session_list(store, count_one, &n, ERR));
	return n;
}

GROUP(unit_secrets, NULL)

FIXTURE(fixture_store, fixture_remove)

TEST(test_create_and_find)
{
	struct fixture *f = *state;
	token_text token;
	struct session session;

	create(f->store, "alice", NOW, token);
	assert_int_equal(strlen(token), SESSION_TOKEN_LEN);
	assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_"),
			 SESSION_TOKEN_LEN);
	assert_ok(session_find(f->store, token, NOW + 5, &life, &session, ERR));
	assert_string_equal(session.source, "token");
	assert_string_equal(session.user, "alice");
	assert_int_equal(session.created, NOW);
	assert_int_equal(session.last_seen, NOW);
	session_clear(&session);
	session_clear(&session);
	session_clear(NULL);
}

TEST(test_malformed_tokens)
{
	struct fixture *f = *state;
	token_text token, other;

	create(f->store, "alice", NOW, token);
	memcpy(other, token, sizeof(other));
	other[0] = other[0] == 'A' ? 'B' : 'A';
	char shorter[SESSION_TOKEN_LEN], longer[SESSION_TOKEN_LEN + 2];
	snprintf(shorter, sizeof(shorter), "%.*s", SESSION_TOKEN_LEN - 1, token);
	snprintf(longer, sizeof(longer), "%s=", token);
	const char *const bad[] = {NULL, "", "x", shorter, longer, other, "' OR 1=1 --"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct session session;
		assert_status(session_find(f->store, bad[i], NOW, &life, &session, ERR),
			      STATUS_NOT_FOUND);
		assert_int_equal(unit_error.status, STATUS_NOT_FOUND);
		assert_ok(session_end(f->store, bad[i], ERR));
	}
	assert_ok(find(f->store, token, NOW));
}

TEST(test_tokens_differ)
{
	struct fixture *f = *state;
	token_text tokens[SESSION_MAX_PER_USER];

	for (int i = 0; i < SESSION_MAX_PER_USER; i++)
		create(f->store, "alice", NOW, tokens[i]);
	for (int i = 0; i < SESSION_MAX_PER_USER; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tokens[i], tokens[j]);
}

/* Neither the token nor its bytes are in any file of the database. */
TEST(test_token_is_not_stored)
{
	struct fixture *f = *state;
	token_text token;
	struct dirent *entry;
	int files = 0;

	create(f->store, "needle-user", NOW, token);
	bool user_seen = false;
	DIR *dir = opendir(f->dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[512], buffer[65536];
		struct strbuf text;
		size_t n;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", f->dir, entry->d_name);
		FILE *file = fopen(path, "rb");
		assert_non_null(file);
		strbuf_init(&text);
		while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
			strbuf_add(&text, buffer, n);
		fclose(file);
		assert_true(strbuf_ok(&text));
		user_seen |= memmem(text.data, text.len, "needle-user", 11) != NULL;
		assert_null(memmem(text.data, text.len, token, 16));
		strbuf_clear(&text);
		files++;
	}
	closedir(dir);
	assert_true(files > 0);
	assert_true(user_seen); /* or we looked in the wrong place */
}

TEST(test_idle)
{
	static const struct {
		int64_t after;
		enum status status;
	} cases[] = {
	    {0,     STATUS_OK       },
            {1799,  STATUS_OK       },
	    {1800,  STATUS_NOT_FOUND},
            {90000, STATUS_NOT_FOUND},
	    {-3600, STATUS_OK       }, /* a clock that went back ends nothing */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		token_text token;
		create(f->store, "alice", NOW, token);
		assert_int_equal(find(f->store, token, NOW + cases[i].after), cases[i].status);
	}
}

TEST(test_absolute)
{
	struct fixture *f = *state;
	token_text token;
	int64_t end = NOW + life.absolute_s;

	create(f->store, "alice", NOW, token);
	for (int64_t now = NOW; now < end; now += 1700)
		assert_ok(find(f->store, token, now));
	assert_ok(find(f->store, token, end - 1));
	assert_status(find(f->store, token, end), STATUS_NOT_FOUND);
}

static int64_t last_seen(struct store *store, const char *token)
{
	struct session session;

	assert_ok(session_find(store, token, NOW, &life, &session, ERR));
	int64_t seen = session.last_seen;
	session_clear(&session);
	return seen;
}

TEST(test_touch_once_a_minute)
{
	struct fixture *f = *state;
	token_text token;

	create(f->store, "alice", NOW, token);
	assert_ok(find(f->store, token, NOW + SESSION_TOUCH_S - 1));
	assert_int_equal(last_seen(f->store, token), NOW);
	assert_ok(find(f->store, token, NOW + SESSION_TOUCH_S));
	assert_int_equal(last_seen(f->store, token), NOW + SESSION_TOUCH_S);
	assert_ok(find(f->store, token, NOW + SESSION_TOUCH_S + 30));
	assert_int_equal(last_seen(f->store, token), NOW + SESSION_TOUCH_S);
}

TEST(test_old_token_is_replaced)
{
	struct fixture *f = *state;
	token_text old, fresh;
	struct session_new what = {.source = "token", .user = "alice", .now = NOW, .life = life};

	create(f->store, "mallory", NOW, old); /* a session that was planted in the browser */
	what.old_token = old;
	assert_ok(session_create(f->store, &what, fresh, ERR));
	assert_string_not_equal(old, fresh);
	assert_status(find(f->store, old, NOW), STATUS_NOT_FOUND);
	assert_ok(find(f->store, fresh, NOW));

	what.old_token = "chosen-by-somebody-else-chosen-by-somebody-";
	assert_int_equal(strlen(what.old_token), SESSION_TOKEN_LEN);
	assert_ok(session_create(f->store, &what, fresh, ERR));
	assert_status(find(f->store, what.old_token, NOW), STATUS_NOT_FOUND);
}

TEST(test_eleventh_evicts_the_oldest)
{
	struct fixture *f = *state;
	token_text tokens[SESSION_MAX_PER_USER + 1], bob;

	create(f->store, "bob", NOW - 100, bob);
	for (int i = 0; i < SESSION_MAX_PER_USER; i++)
		create(f->store, "alice", NOW + i, tokens[i]);
	for (int i = 0; i < SESSION_MAX_PER_USER; i++)
		assert_ok(find(f->store, tokens[i], NOW + 20));
	create(f->store, "alice", NOW + 20, tokens[SESSION_MAX_PER_USER]);
	assert_status(find(f->store, tokens[0], NOW + 20), STATUS_NOT_FOUND);
	for (int i = 1; i <= SESSION_MAX_PER_USER; i++)
		assert_ok(find(f->store, tokens[i], NOW + 20));
	assert_ok(find(f->store, bob, NOW + 20));
}

TEST(test_ended_rows_are_purged_in_steps)
{
	struct fixture *f = *state;
	token_text token;
	char user[32];
	int ended = SESSION_PURGE_ROWS + 5;

	for (int i = 0; i < ended; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		create(f->store, user, NOW, token);
	}
	assert_int_equal(count(f->store), ended);
	create(f->store, "alice", NOW + life.idle_s, token);
	assert_int_equal(count(f->store), 5 + 1);
	create(f->store, "alice", NOW + life.idle_s, token);
	assert_int_equal(count(f->store), 2);
	assert_ok(find(f->store, token, NOW + life.idle_s));
}

TEST(test_end)
{
	struct fixture *f = *state;
	token_text one, two;

	create(f->store, "alice", NOW, one);
	create(f->store, "alice", NOW, two);
	assert_ok(session_end(f->store, one, ERR));
	assert_ok(session_end(f->store, one, ERR));
	assert_status(find(f->store, one, NOW), STATUS_NOT_FOUND);
	assert_ok(find(f->store, two, NOW));
}

TEST(test_end_user_and_all)
{
	struct fixture *f = *state;
	token_text alice, bob;
	int ended = -1;

	create(f->store, "alice", NOW, alice);
	create(f->store, "alice", NOW, alice);
	create(f->store, "bob", NOW, bob);
	assert_ok(session_end_user(f->store, "login", "alice", &ended, ERR));
	assert_int_equal(ended, 0);
	assert_ok(session_end_user(f->store, "token", "alice", &ended, ERR));
	assert_int_equal(ended, 2);
	assert_status(find(f->store, alice, NOW), STATUS_NOT_FOUND);
	assert_ok(find(f->store, bob, NOW));
	assert_ok(session_end_all(f->store, &ended, ERR));
	assert_int_equal(ended, 1);
	assert_ok(session_end_all(f->store, NULL, ERR));
	assert_int_equal(count(f->store), 0);
}

/* The password was right, and then the operator was faster. */
TEST(test_user_gone_before_the_session)
{
	struct fixture *f = *state;
	struct session_new what = {
	    .source = "login", .user = "alice", .password_hash = "h", .now = NOW, .life = life};
	token_text token = "untouched";

	assert_status(session_create(f->store, &what, token, ERR), STATUS_BAD_CREDENTIALS);
	assert_ok(user_add(f->store, "alice", "h", NOW, ERR));
	assert_ok(user_set_disabled(f->store, "alice", true, ERR));
	assert_fails(session_create(f->store, &what, token, ERR), STATUS_BAD_CREDENTIALS, "alice");
	assert_string_equal(token, "untouched");
	assert_ok(user_set_disabled(f->store, "alice", false, ERR));
	assert_ok(session_create(f->store, &what, token, ERR));
	assert_ok(find(f->store, token, NOW));
	what.password_hash = NULL; /* a login that rests on nothing */
	assert_status(session_create(f->store, &what, token, ERR), STATUS_BAD_CREDENTIALS);
	what.password_hash = "h";
	assert_ok(user_set_password(f->store, "alice", "other", ERR));
	assert_status(session_create(f->store, &what, token, ERR), STATUS_BAD_CREDENTIALS);
	what.password_hash = "other";
	assert_ok(session_create(f->store, &what, token, ERR));
	assert_ok(user_rehash(f->store, "alice", "other", "anew", ERR));
	assert_ok(find(f->store, token, NOW));
}

/* A session of the site's own table knows its password's hash again, and no other. */
TEST(test_password_of_the_site)
{
	struct fixture *f = *state;
	struct session_new what = {.source = "login",
				   .user = "alice",
				   .password_hash = "h",
				   .only_on_site = true,
				   .now = NOW,
				   .life = life};
	token_text token, other;
	char longer[SESSION_TOKEN_LEN + 2];
	struct session session;

	assert_ok(session_create(f->store, &what, token, ERR));
	create(f->store, "alice", NOW, other);
	assert_ok(session_find(f->store, token, NOW, &life, &session, ERR));
	assert_true(session_password_is(&session, token, "h"));
	assert_false(session_password_is(&session, token, "H"));
	assert_false(session_password_is(&session, token, ""));
	assert_false(session_password_is(&session, other, "h"));
	assert_false(session_password_is(&session, token, NULL)); /* now the users are ours */
	/* a longer one that begins like it is another token */
	snprintf(longer, sizeof(longer), "%sx", token);
	assert_false(session_password_is(&session, longer, "h"));
	session_clear(&session);
	assert_ok(session_find(f->store, other, NOW, &life, &session, ERR));
	assert_true(session_password_is(&session, other, NULL));
	assert_false(session_password_is(&session, other, "h"));
	session_clear(&session);
}

/* A one-time token makes one session, or none: its use and the session are one transaction. */
TEST(test_once)
{
	struct fixture *f = *state;
	const int64_t now = time(NULL);
	const struct token_revocation revocation = {
	    .source = "token", .user = "alice", .skew_s = 300, .life_s = 43200};
	struct session_once once = {
	    .used = {.nonce = "n", .expiry = now + 60},
              .issued = now
        };
	struct session_new what = {
	    .source = "token", .user = "", .once = &once, .now = NOW, .life = life};
	token_text token;

	assert_status(session_create(f->store, &what, token, NULL), STATUS_BAD_REQUEST);
	what.user = "alice";
	assert_ok(session_create(f->store, &what, token, ERR));
	assert_status(session_create(f->store, &what, token, NULL), STATUS_CONFLICT);
	once.used = (struct used_nonce){.nonce = "over", .expiry = now};
	assert_status(session_create(f->store, &what, token, NULL), STATUS_NOT_FOUND);
	assert_ok(token_revoke(f->store, &revocation, ERR));
	once.used = (struct used_nonce){.nonce = "m", .expiry = now + 60};
	for (int ahead = 0; ahead <= 300; ahead += 100) {
		once.issued = now + ahead;
		assert_status(session_create(f->store, &what, token, NULL), STATUS_BAD_CREDENTIALS);
	}
	assert_int_equal(count(f->store), 0);
	once.issued = now + 400; /* what a later clock signs */
	assert_ok(session_create(f->store, &what, token, ERR));
}

TEST(test_empty_principal_is_refused)
{
	struct fixture *f = *state;
	struct session_new what = {.source = "token", .user = "", .now = NOW, .life = life};
	token_text token;

	assert_status(session_create(f->store, &what, token, NULL), STATUS_BAD_REQUEST);
	assert_int_equal(count(f->store), 0);
}

TEST(test_database_gone)
{
	struct fixture *f = *state;
	struct session_new what = {.source = "token", .user = "alice", .now = NOW, .life = life};
	token_text token;
	struct session session;
	int ended;

	create(f->store, "alice", NOW, token);
	assert_int_equal(unlink(f->path), 0);
	assert_status(session_find(f->store, token, NOW, &life, &session, NULL),
		      STATUS_UNAVAILABLE);
	assert_status(session_create(f->store, &what, token, NULL), STATUS_UNAVAILABLE);
	assert_status(session_end(f->store, token, NULL), STATUS_UNAVAILABLE);
	assert_status(session_end_user(f->store, "token", "alice", &ended, NULL),
		      STATUS_UNAVAILABLE);
	assert_status(session_end_all(f->store, &ended, NULL), STATUS_UNAVAILABLE);
	assert_status(session_list(f->store, count_one, &ended, NULL), STATUS_UNAVAILABLE);
}

struct worker {
	struct store *store;
	int number;
	int failures;
};

/* cmocka's assertions belong to the main thread: a worker counts. */
static void *login_and_out(void *arg)
{
	struct worker *w = arg;
	char user[32];

	snprintf(user, sizeof(user), "user%d", w->number);
	struct session_new what = {.source = "token", .user = user, .now = NOW, .life = life};
	for (int i = 0; i < 20; i++) {
		token_text token;
		struct session session;
		if (session_create(w->store, &what, token, NULL) != STATUS_OK) {
			w->failures++;
			continue;
		}
		if (session_find(w->store, token, NOW + 60, &life, &session, NULL) != STATUS_OK) {
			w->failures++;
			continue;
		}
		w->failures += strcmp(session.user, user) != 0;
		session_clear(&session);
		w->failures += i % 2 == 0 && session_end(w->store, token, NULL) != STATUS_OK;
	}
	return NULL;
}

TEST(test_threads)
{
	struct fixture *f = *state;
	enum { THREADS = 12 }; /* more than there are connections */
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.store = f->store, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, login_and_out, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
	}
	assert_int_equal(count(f->store), THREADS * 10);
}
