/*
 * The JID map: one owner an account, one account a user, whoever comes at the same time (SEC-
 * JID-3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>

#include "base/secret.h"
#include "store/jid_map.h"
#include "store_fixture.h"

static enum status set(struct store *store, const char *const row[4], const char *password,
		       struct error *err)
{
	struct jid_map_row what = {
	    .source = (char *)row[0],
	    .user = (char *)row[1],
	    .localpart = (char *)row[2],
	    .domain = (char *)row[3],
	    .xmpp_password = (char *)password,
	};

	return jid_map_set(store, &what, err);
}

static const char *const alice[4] = {"login", "alice", "alice", "example.org"};
static const char *const alice_moved[4] = {"login", "alice", "alice2", "example.org"};
static const char *const bob[4] = {"login", "bob", "bob", "example.org"};
static const char *const bob_takes_alice[4] = {"login", "bob", "alice", "example.org"};
static const char *const token_alice[4] = {"token", "alice", "alice", "example.org"};
static const char *const elsewhere[4] = {"token", "alice", "alice", "example.net"};

static void assert_row(struct store *store, const char *const row[4], const char *password)
{
	struct jid_map_row found;

	assert_int_equal(jid_map_find(store, row[0], row[1], &found, NULL), STATUS_OK);
	assert_string_equal(found.source, row[0]);
	assert_string_equal(found.user, row[1]);
	assert_string_equal(found.localpart, row[2]);
	assert_string_equal(found.domain, row[3]);
	if (password == NULL)
		assert_null(found.xmpp_password);
	else
		assert_string_equal(found.xmpp_password, password);
	jid_map_clear(&found);
}

static void test_set_and_find(void **state)
{
	struct fixture *f = *state;
	struct jid_map_row row;
	struct error err = {0};

	assert_int_equal(jid_map_find(f->store, "login", "alice", &row, &err), STATUS_NOT_FOUND);
	assert_int_equal(jid_map_find_account(f->store, "alice", "example.org", &row, &err),
			 STATUS_NOT_FOUND);
	assert_string_equal(err.text, "");
	assert_int_equal(set(f->store, alice, NULL, &err), STATUS_OK);
	assert_row(f->store, alice, NULL);
	assert_int_equal(jid_map_find(f->store, "token", "alice", &row, NULL), STATUS_NOT_FOUND);
	assert_int_equal(jid_map_find(f->store, "login", "Alice", &row, NULL), STATUS_NOT_FOUND);
	assert_int_equal(jid_map_find_account(f->store, "alice", "example.org", &row, NULL),
			 STATUS_OK);
	assert_string_equal(row.user, "alice");
	jid_map_clear(&row);
	jid_map_clear(&row);
	jid_map_clear(NULL);
}

static void test_account_has_one_owner(void **state)
{
	struct fixture *f = *state;
	struct error err;

	assert_int_equal(set(f->store, alice, "secret", NULL), STATUS_OK);
	assert_int_equal(set(f->store, bob_takes_alice, "mine", &err), STATUS_CONFLICT);
	assert_int_equal(err.status, STATUS_CONFLICT);
	assert_non_null(strstr(err.text, "user \"alice\" of login"));
	assert_int_equal(set(f->store, token_alice, NULL, &err), STATUS_CONFLICT);
	assert_row(f->store, alice, "secret");
	assert_int_equal(set(f->store, elsewhere, NULL, NULL), STATUS_OK); /* another domain */

	/* A user who has an account keeps it when the wished one is taken. */
	assert_int_equal(set(f->store, bob, NULL, NULL), STATUS_OK);
	assert_int_equal(set(f->store, bob_takes_alice, NULL, NULL), STATUS_CONFLICT);
	assert_row(f->store, bob, NULL);
}

static void test_password_stays_with_the_account(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set(f->store, alice, "one", NULL), STATUS_OK);
	assert_int_equal(set(f->store, alice, NULL, NULL), STATUS_OK);
	assert_row(f->store, alice, "one");
	assert_int_equal(set(f->store, alice, "two", NULL), STATUS_OK);
	assert_row(f->store, alice, "two");
	assert_int_equal(set(f->store, alice_moved, NULL, NULL), STATUS_OK);
	assert_row(f->store, alice_moved, NULL);
	assert_int_equal(set(f->store, alice, "three", NULL), STATUS_OK);
	assert_row(f->store, alice, "three");
	/* The account that alice left is free. */
	const char *const carol[4] = {"login", "carol", "alice2", "example.org"};
	assert_int_equal(set(f->store, carol, NULL, NULL), STATUS_OK);
}

static void test_empty_parts_are_refused(void **state)
{
	struct fixture *f = *state;

	for (int part = 0; part < 4; part++) {
		const char *row[4] = {"login", "alice", "alice", "example.org"};
		row[part] = "";
		assert_int_equal(set(f->store, row, NULL, NULL), STATUS_BAD_REQUEST);
		row[part] = NULL;
		assert_int_equal(set(f->store, row, NULL, NULL), STATUS_BAD_REQUEST);
	}
}

static void test_delete(void **state)
{
	struct fixture *f = *state;
	struct jid_map_row row;
	struct error err;

	assert_int_equal(jid_map_delete(f->store, "login", "alice", &err), STATUS_NOT_FOUND);
	assert_int_equal(err.status, STATUS_NOT_FOUND);
	assert_int_equal(set(f->store, alice, "x", NULL), STATUS_OK);
	assert_int_equal(jid_map_delete(f->store, "token", "alice", NULL), STATUS_NOT_FOUND);
	assert_int_equal(jid_map_delete(f->store, "login", "alice", NULL), STATUS_OK);
	assert_int_equal(jid_map_find(f->store, "login", "alice", &row, NULL), STATUS_NOT_FOUND);
	assert_int_equal(set(f->store, token_alice, NULL, NULL), STATUS_OK);
}

static void collect(void *arg, const struct jid_map_row *row)
{
	char *text = arg;

	assert_null(row->xmpp_password);
	sprintf(text + strlen(text), "%s/%s=%s@%s ", row->source, row->user, row->localpart,
		row->domain);
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	char text[256] = "";

	assert_int_equal(set(f->store, elsewhere, "p", NULL), STATUS_OK);
	assert_int_equal(set(f->store, bob, "p", NULL), STATUS_OK);
	assert_int_equal(set(f->store, alice, "p", NULL), STATUS_OK);
	assert_int_equal(jid_map_list(f->store, collect, text, NULL), STATUS_OK);
	assert_string_equal(text, "login/alice=alice@example.org login/bob=bob@example.org "
				  "token/alice=alice@example.net ");
}

static void test_database_gone(void **state)
{
	struct fixture *f = *state;
	struct jid_map_row row;
	char text[8];

	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(set(f->store, alice, NULL, NULL), STATUS_UNAVAILABLE);
	assert_int_equal(jid_map_find(f->store, "a", "b", &row, NULL), STATUS_UNAVAILABLE);
	assert_int_equal(jid_map_find_account(f->store, "a", "b", &row, NULL), STATUS_UNAVAILABLE);
	assert_int_equal(jid_map_delete(f->store, "a", "b", NULL), STATUS_UNAVAILABLE);
	assert_int_equal(jid_map_list(f->store, collect, text, NULL), STATUS_UNAVAILABLE);
}

struct racer {
	struct store *store;
	char user[16];
	enum status status;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	const char *const row[4] = {"login", r->user, "prize", "example.org"};

	r->status = set(r->store, row, NULL, NULL);
	return NULL;
}

static void test_race_for_one_account(void **state)
{
	enum { RACERS = 64 };
	struct fixture *f = *state;
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	struct jid_map_row row;
	int won = 0, lost = 0;

	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){.store = f->store};
		snprintf(racers[i].user, sizeof racers[i].user, "user%d", i);
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(jid_map_find_account(f->store, "prize", "example.org", &row, NULL),
			 STATUS_OK);
	for (int i = 0; i < RACERS; i++) {
		won += racers[i].status == STATUS_OK;
		lost += racers[i].status == STATUS_CONFLICT;
		if (racers[i].status == STATUS_OK)
			assert_string_equal(racers[i].user, row.user);
	}
	jid_map_clear(&row);
	assert_int_equal(won, 1);
	assert_int_equal(lost, RACERS - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_store, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_set_and_find),
	    TEST(test_account_has_one_owner),
	    TEST(test_password_stays_with_the_account),
	    TEST(test_empty_parts_are_refused),
	    TEST(test_delete),
	    TEST(test_list),
	    TEST(test_database_gone),
	    TEST(test_race_for_one_account),
	};

	if (secret_start(NULL) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests_name("jid_map", tests, NULL, NULL);
}
