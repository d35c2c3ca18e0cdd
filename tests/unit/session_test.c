/*
 * Login sessions (SEC-SESS-1 … 5), by a clock that the test holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <time.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "store/session.h"
#include "store/token_revocation.h"
#include "store_fixture.h"
#include "users.h"

#define NOW 1700000000

typedef char token_text[SESSION_TOKEN_LEN + 1];

static const struct session_life life = {.idle_s = 1800, .absolute_s = 43200};

static void create(struct store *store, const char *user, int64_t now, token_text token)
{
	struct session_new what = {.source = "token", .user = user, .now = now, .life = life};
	struct error err;

	if (session_create(store, &what, token, &err) != STATUS_OK)
		fixture_fail("session_create", &err);
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

	assert_int_equal(session_list(store, count_one, &n, NULL), STATUS_OK);
	return n;
}

static void test_create_and_find(void **state)
{
	struct fixture *f = *state;
	token_text token;
	struct session session;

	create(f->store, "alice", NOW, token);
	assert_int_equal(strlen(token), SESSION_TOKEN_LEN);
	assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_"),
			 SESSION_TOKEN_LEN);
	assert_int_equal(session_find(f->store, token, NOW + 5, &life, &session, NULL), STATUS_OK);
	assert_string_equal(session.source, "token");
	assert_string_equal(session.user, "alice");
	assert_int_equal(session.created, NOW);
	assert_int_equal(session.last_seen, NOW);
	session_clear(&session);
	session_clear(&session);
	session_clear(NULL);
}

static void test_malformed_tokens(void **state)
{
	struct fixture *f = *state;
	token_text token, other;

	create(f->store, "alice", NOW, token);
	memcpy(other, token, sizeof other);
	other[0] = other[0] == 'A' ? 'B' : 'A';
	char shorter[SESSION_TOKEN_LEN], longer[SESSION_TOKEN_LEN + 2];
	snprintf(shorter, sizeof shorter, "%.*s", SESSION_TOKEN_LEN - 1, token);
	snprintf(longer, sizeof longer, "%s=", token);
	const char *const bad[] = {NULL, "", "x", shorter, longer, other, "' OR 1=1 --"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct error err = {.status = STATUS_OK};
		struct session session;
		assert_int_equal(session_find(f->store, bad[i], NOW, &life, &session, &err),
				 STATUS_NOT_FOUND);
		assert_int_equal(err.status, STATUS_NOT_FOUND);
		assert_int_equal(session_end(f->store, bad[i], NULL), STATUS_OK);
	}
	assert_int_equal(find(f->store, token, NOW), STATUS_OK);
}

static void test_tokens_differ(void **state)
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
static void test_token_is_not_stored(void **state)
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
		snprintf(path, sizeof path, "%s/%s", f->dir, entry->d_name);
		FILE *file = fopen(path, "rb");
		assert_non_null(file);
		strbuf_init(&text);
		while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
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

static void test_idle(void **state)
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

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		token_text token;
		create(f->store, "alice", NOW, token);
		assert_int_equal(find(f->store, token, NOW + cases[i].after), cases[i].status);
	}
}

static void test_absolute(void **state)
{
	struct fixture *f = *state;
	token_text token;
	int64_t end = NOW + life.absolute_s;

	create(f->store, "alice", NOW, token);
	for (int64_t now = NOW; now < end; now += 1700)
		assert_int_equal(find(f->store, token, now), STATUS_OK);
	assert_int_equal(find(f->store, token, end - 1), STATUS_OK);
	assert_int_equal(find(f->store, token, end), STATUS_NOT_FOUND);
}

static int64_t last_seen(struct store *store, const char *token)
{
	struct session session;

	assert_int_equal(session_find(store, token, NOW, &life, &session, NULL), STATUS_OK);
	int64_t seen = session.last_seen;
	session_clear(&session);
	return seen;
}

static void test_touch_once_a_minute(void **state)
{
	struct fixture *f = *state;
	token_text token;

	create(f->store, "alice", NOW, token);
	assert_int_equal(find(f->store, token, NOW + SESSION_TOUCH_S - 1), STATUS_OK);
	assert_int_equal(last_seen(f->store, token), NOW);
	assert_int_equal(find(f->store, token, NOW + SESSION_TOUCH_S), STATUS_OK);
	assert_int_equal(last_seen(f->store, token), NOW + SESSION_TOUCH_S);
	assert_int_equal(find(f->store, token, NOW + SESSION_TOUCH_S + 30), STATUS_OK);
	assert_int_equal(last_seen(f->store, token), NOW + SESSION_TOUCH_S);
}

static void test_old_token_is_replaced(void **state)
{
	struct fixture *f = *state;
	token_text old, fresh;
	struct session_new what = {.source = "token", .user = "alice", .now = NOW, .life = life};

	create(f->store, "mallory", NOW, old); /* a session that was planted in the browser */
	what.old_token = old;
	assert_int_equal(session_create(f->store, &what, fresh, NULL), STATUS_OK);
	assert_string_not_equal(old, fresh);
	assert_int_equal(find(f->store, old, NOW), STATUS_NOT_FOUND);
	assert_int_equal(find(f->store, fresh, NOW), STATUS_OK);

	what.old_token = "chosen-by-somebody-else-chosen-by-somebody-";
	assert_int_equal(strlen(what.old_token), SESSION_TOKEN_LEN);
	assert_int_equal(session_create(f->store, &what, fresh, NULL), STATUS_OK);
	assert_int_equal(find(f->store, what.old_token, NOW), STATUS_NOT_FOUND);
}

static void test_eleventh_evicts_the_oldest(void **state)
{
	struct fixture *f = *state;
	token_text tokens[SESSION_MAX_PER_USER + 1], bob;

	create(f->store, "bob", NOW - 100, bob);
	for (int i = 0; i < SESSION_MAX_PER_USER; i++)
		create(f->store, "alice", NOW + i, tokens[i]);
	for (int i = 0; i < SESSION_MAX_PER_USER; i++)
		assert_int_equal(find(f->store, tokens[i], NOW + 20), STATUS_OK);
	create(f->store, "alice", NOW + 20, tokens[SESSION_MAX_PER_USER]);
	assert_int_equal(find(f->store, tokens[0], NOW + 20), STATUS_NOT_FOUND);
	for (int i = 1; i <= SESSION_MAX_PER_USER; i++)
		assert_int_equal(find(f->store, tokens[i], NOW + 20), STATUS_OK);
	assert_int_equal(find(f->store, bob, NOW + 20), STATUS_OK);
}

static void test_ended_rows_are_purged_in_steps(void **state)
{
	struct fixture *f = *state;
	token_text token;
	char user[32];
	int ended = SESSION_PURGE_ROWS + 5;

	for (int i = 0; i < ended; i++) {
		snprintf(user, sizeof user, "user%d", i);
		create(f->store, user, NOW, token);
	}
	assert_int_equal(count(f->store), ended);
	create(f->store, "alice", NOW + life.idle_s, token);
	assert_int_equal(count(f->store), 5 + 1);
	create(f->store, "alice", NOW + life.idle_s, token);
	assert_int_equal(count(f->store), 2);
	assert_int_equal(find(f->store, token, NOW + life.idle_s), STATUS_OK);
}

static void test_end(void **state)
{
	struct fixture *f = *state;
	token_text one, two;

	create(f->store, "alice", NOW, one);
	create(f->store, "alice", NOW, two);
	assert_int_equal(session_end(f->store, one, NULL), STATUS_OK);
	assert_int_equal(session_end(f->store, one, NULL), STATUS_OK);
	assert_int_equal(find(f->store, one, NOW), STATUS_NOT_FOUND);
	assert_int_equal(find(f->store, two, NOW), STATUS_OK);
}

static void test_end_user_and_all(void **state)
{
	struct fixture *f = *state;
	token_text alice, bob;
	int ended = -1;

	create(f->store, "alice", NOW, alice);
	create(f->store, "alice", NOW, alice);
	create(f->store, "bob", NOW, bob);
	assert_int_equal(session_end_user(f->store, "login", "alice", &ended, NULL), STATUS_OK);
	assert_int_equal(ended, 0);
	assert_int_equal(session_end_user(f->store, "token", "alice", &ended, NULL), STATUS_OK);
	assert_int_equal(ended, 2);
	assert_int_equal(find(f->store, alice, NOW), STATUS_NOT_FOUND);
	assert_int_equal(find(f->store, bob, NOW), STATUS_OK);
	assert_int_equal(session_end_all(f->store, &ended, NULL), STATUS_OK);
	assert_int_equal(ended, 1);
	assert_int_equal(session_end_all(f->store, NULL, NULL), STATUS_OK);
	assert_int_equal(count(f->store), 0);
}

/* The password was right, and then the operator was faster. */
static void test_user_gone_before_the_session(void **state)
{
	struct fixture *f = *state;
	struct session_new what = {
	    .source = "login", .user = "alice", .password_hash = "h", .now = NOW, .life = life};
	token_text token = "untouched";
	struct error err;

	assert_int_equal(session_create(f->store, &what, token, &err), STATUS_BAD_CREDENTIALS);
	assert_int_equal(user_add(f->store, "alice", "h", NOW, NULL), STATUS_OK);
	assert_int_equal(user_set_disabled(f->store, "alice", true, NULL), STATUS_OK);
	assert_int_equal(session_create(f->store, &what, token, &err), STATUS_BAD_CREDENTIALS);
	assert_non_null(strstr(err.text, "alice"));
	assert_string_equal(token, "untouched");
	assert_int_equal(user_set_disabled(f->store, "alice", false, NULL), STATUS_OK);
	assert_int_equal(session_create(f->store, &what, token, &err), STATUS_OK);
	assert_int_equal(find(f->store, token, NOW), STATUS_OK);
	what.password_hash = NULL; /* a login that rests on nothing */
	assert_int_equal(session_create(f->store, &what, token, &err), STATUS_BAD_CREDENTIALS);
	what.password_hash = "h";
	assert_int_equal(user_set_password(f->store, "alice", "other", NULL), STATUS_OK);
	assert_int_equal(session_create(f->store, &what, token, &err), STATUS_BAD_CREDENTIALS);
	what.password_hash = "other";
	assert_int_equal(session_create(f->store, &what, token, &err), STATUS_OK);
	assert_int_equal(user_rehash(f->store, "alice", "other", "anew", NULL), STATUS_OK);
	assert_int_equal(find(f->store, token, NOW), STATUS_OK);
}

/* A session of the site's own table knows its password's hash again, and no other. */
static void test_password_of_the_site(void **state)
{
	struct fixture *f = *state;
	struct session_new what = {.source = "login",
				   .user = "alice",
				   .password_hash = "h",
				   .only_on_site = true,
				   .now = NOW,
				   .life = life};
	token_text token, other;
	struct session session;

	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_OK);
	create(f->store, "alice", NOW, other);
	assert_int_equal(session_find(f->store, token, NOW, &life, &session, NULL), STATUS_OK);
	assert_true(session_password_is(&session, token, "h"));
	assert_false(session_password_is(&session, token, "H"));
	assert_false(session_password_is(&session, token, ""));
	assert_false(session_password_is(&session, other, "h"));
	assert_false(session_password_is(&session, token, NULL)); /* now the users are ours */
	session_clear(&session);
	assert_int_equal(session_find(f->store, other, NOW, &life, &session, NULL), STATUS_OK);
	assert_true(session_password_is(&session, other, NULL));
	assert_false(session_password_is(&session, other, "h"));
	session_clear(&session);
}

/* A one-time token makes one session, or none: its use and the session are one transaction. */
static void test_once(void **state)
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

	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_BAD_REQUEST);
	what.user = "alice";
	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_OK);
	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_CONFLICT);
	once.used = (struct used_nonce){.nonce = "over", .expiry = now};
	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_NOT_FOUND);
	assert_int_equal(token_revoke(f->store, &revocation, NULL), STATUS_OK);
	once.used = (struct used_nonce){.nonce = "m", .expiry = now + 60};
	for (int ahead = 0; ahead <= 300; ahead += 100) {
		once.issued = now + ahead;
		assert_int_equal(session_create(f->store, &what, token, NULL),
				 STATUS_BAD_CREDENTIALS);
	}
	assert_int_equal(count(f->store), 0);
	once.issued = now + 400; /* what a later clock signs */
	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_OK);
}

static void test_empty_principal_is_refused(void **state)
{
	struct fixture *f = *state;
	struct session_new what = {.source = "token", .user = "", .now = NOW, .life = life};
	token_text token;

	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_BAD_REQUEST);
	assert_int_equal(count(f->store), 0);
}

static void test_database_gone(void **state)
{
	struct fixture *f = *state;
	struct session_new what = {.source = "token", .user = "alice", .now = NOW, .life = life};
	token_text token;
	struct session session;
	int ended;

	create(f->store, "alice", NOW, token);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(session_find(f->store, token, NOW, &life, &session, NULL),
			 STATUS_UNAVAILABLE);
	assert_int_equal(session_create(f->store, &what, token, NULL), STATUS_UNAVAILABLE);
	assert_int_equal(session_end(f->store, token, NULL), STATUS_UNAVAILABLE);
	assert_int_equal(session_end_user(f->store, "token", "alice", &ended, NULL),
			 STATUS_UNAVAILABLE);
	assert_int_equal(session_end_all(f->store, &ended, NULL), STATUS_UNAVAILABLE);
	assert_int_equal(session_list(f->store, count_one, &ended, NULL), STATUS_UNAVAILABLE);
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

	snprintf(user, sizeof user, "user%d", w->number);
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

static void test_threads(void **state)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_store, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_create_and_find),
	    TEST(test_malformed_tokens),
	    TEST(test_tokens_differ),
	    TEST(test_token_is_not_stored),
	    TEST(test_idle),
	    TEST(test_absolute),
	    TEST(test_touch_once_a_minute),
	    TEST(test_old_token_is_replaced),
	    TEST(test_eleventh_evicts_the_oldest),
	    TEST(test_ended_rows_are_purged_in_steps),
	    TEST(test_end),
	    TEST(test_end_user_and_all),
	    TEST(test_user_gone_before_the_session),
	    TEST(test_password_of_the_site),
	    TEST(test_once),
	    TEST(test_empty_principal_is_refused),
	    TEST(test_database_gone),
	    TEST(test_threads),
	};

	if (secret_start(NULL) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
