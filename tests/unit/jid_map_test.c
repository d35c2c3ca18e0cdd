/*
 * The JID map: one owner an account, one account a user, whoever comes at the same time (SEC-
 * JID-3).
 */
#include "unit.h"

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

	assert_ok(jid_map_find(store, row[0], row[1], &found, ERR));
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

GROUP(unit_secrets, NULL)

FIXTURE(fixture_store, fixture_remove)

TEST(test_set_and_find)
{
	struct fixture *f = *state;
	struct jid_map_row row;

	assert_status(jid_map_find(f->store, "login", "alice", &row, ERR), STATUS_NOT_FOUND);
	assert_status(jid_map_find_account(f->store, "alice", "example.org", &row, ERR),
		      STATUS_NOT_FOUND);
	assert_string_equal(unit_error.text, "");
	assert_ok(set(f->store, alice, NULL, ERR));
	assert_row(f->store, alice, NULL);
	assert_status(jid_map_find(f->store, "token", "alice", &row, NULL), STATUS_NOT_FOUND);
	assert_status(jid_map_find(f->store, "login", "Alice", &row, NULL), STATUS_NOT_FOUND);
	assert_ok(jid_map_find_account(f->store, "alice", "example.org", &row, ERR));
	assert_string_equal(row.user, "alice");
	jid_map_clear(&row);
	jid_map_clear(&row);
	jid_map_clear(NULL);
}

TEST(test_account_has_one_owner)
{
	struct fixture *f = *state;

	assert_ok(set(f->store, alice, "secret", ERR));
	assert_status(set(f->store, bob_takes_alice, "mine", ERR), STATUS_CONFLICT);
	assert_int_equal(unit_error.status, STATUS_CONFLICT);
	assert_says("user \"alice\" of the provider login");
	assert_status(set(f->store, token_alice, NULL, ERR), STATUS_CONFLICT);
	assert_row(f->store, alice, "secret");
	assert_ok(set(f->store, elsewhere, NULL, ERR)); /* another domain */

	/* A user who has an account keeps it when the wished one is taken. */
	assert_ok(set(f->store, bob, NULL, ERR));
	assert_status(set(f->store, bob_takes_alice, NULL, NULL), STATUS_CONFLICT);
	assert_row(f->store, bob, NULL);
}

TEST(test_password_stays_with_the_account)
{
	struct fixture *f = *state;

	assert_ok(set(f->store, alice, "one", ERR));
	assert_ok(set(f->store, alice, NULL, ERR));
	assert_row(f->store, alice, "one");
	assert_ok(set(f->store, alice, "two", ERR));
	assert_row(f->store, alice, "two");
	assert_ok(set(f->store, alice_moved, NULL, ERR));
	assert_row(f->store, alice_moved, NULL);
	assert_ok(set(f->store, alice, "three", ERR));
	assert_row(f->store, alice, "three");
	/* The account that alice left is free. */
	const char *const carol[4] = {"login", "carol", "alice2", "example.org"};
	assert_ok(set(f->store, carol, NULL, ERR));
}

TEST(test_empty_parts_are_refused)
{
	struct fixture *f = *state;

	for (int part = 0; part < 4; part++) {
		const char *row[4] = {"login", "alice", "alice", "example.org"};
		row[part] = "";
		assert_status(set(f->store, row, NULL, NULL), STATUS_BAD_REQUEST);
		row[part] = NULL;
		assert_status(set(f->store, row, NULL, NULL), STATUS_BAD_REQUEST);
	}
}

TEST(test_delete)
{
	struct fixture *f = *state;
	struct jid_map_row row;

	assert_status(jid_map_delete(f->store, "login", "alice", ERR), STATUS_NOT_FOUND);
	assert_int_equal(unit_error.status, STATUS_NOT_FOUND);
	assert_ok(set(f->store, alice, "x", ERR));
	assert_status(jid_map_delete(f->store, "token", "alice", NULL), STATUS_NOT_FOUND);
	assert_ok(jid_map_delete(f->store, "login", "alice", ERR));
	assert_status(jid_map_find(f->store, "login", "alice", &row, NULL), STATUS_NOT_FOUND);
	assert_ok(set(f->store, token_alice, NULL, ERR));
}

static void collect(void *arg, const struct jid_map_row *row)
{
	char *text = arg;

	assert_null(row->xmpp_password);
	sprintf(text + strlen(text), "%s/%s=%s@%s ", row->source, row->user, row->localpart,
		row->domain);
}

TEST(test_list)
{
	struct fixture *f = *state;
	char text[256] = "";

	assert_ok(set(f->store, elsewhere, "p", ERR));
	assert_ok(set(f->store, bob, "p", ERR));
	assert_ok(set(f->store, alice, "p", ERR));
	assert_ok(jid_map_list(f->store, collect, text, ERR));
	assert_string_equal(text, "login/alice=alice@example.org login/bob=bob@example.org "
				  "token/alice=alice@example.net ");
}

TEST(test_database_gone)
{
	struct fixture *f = *state;
	struct jid_map_row row;
	char text[8];

	assert_int_equal(unlink(f->path), 0);
	assert_status(set(f->store, alice, NULL, NULL), STATUS_UNAVAILABLE);
	assert_status(jid_map_find(f->store, "a", "b", &row, NULL), STATUS_UNAVAILABLE);
	assert_status(jid_map_find_account(f->store, "a", "b", &row, NULL), STATUS_UNAVAILABLE);
	assert_status(jid_map_delete(f->store, "a", "b", NULL), STATUS_UNAVAILABLE);
	assert_status(jid_map_list(f->store, collect, text, NULL), STATUS_UNAVAILABLE);
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

TEST(test_race_for_one_account)
{
	enum { RACERS = 64 };
	struct fixture *f = *state;
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	struct jid_map_row row;
	int won = 0, lost = 0;

	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){.store = f->store};
		snprintf(racers[i].user, sizeof(racers[i].user), "user%d", i);
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	assert_ok(jid_map_find_account(f->store, "prize", "example.org", &row, ERR));
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
