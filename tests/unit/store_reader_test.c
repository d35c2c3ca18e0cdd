/*
 * Readers of a store: one connection and one lock for a few questions in a row, given back when
 * they rest, and before a write.
 */
#include "unit.h"

#include "base/secret.h"
#include "store/jid_map.h"
#include "store/session.h"
#include "store/connection.h"
#include "store_fixture.h"
#include "users.h"

#define NOW 1800000000

static int with_alice(void **state)
{
	struct fixture *f;

	fixture_store(state);
	f = *state;
	assert_ok(user_add(f->store, "alice", "", NOW, ERR));
	return 0;
}

static struct store *reader_of(struct fixture *f)
{
	struct store *reader = NULL;

	assert_ok(store_reader_new(f->store, &reader, ERR));
	return reader;
}

static bool is_disabled(struct store *store, const char *name)
{
	struct user user = {0};

	assert_ok(user_find(store, name, &user, ERR));
	bool disabled = user.disabled;
	user_clear(&user);
	return disabled;
}

static enum status map_find(struct store *store)
{
	struct jid_map_row row = {0};
	enum status status = jid_map_find(store, "login", "alice", &row, NULL);

	jid_map_clear(&row);
	return status;
}

GROUP(unit_secrets, NULL)

FIXTURE(with_alice, fixture_remove)

TEST(test_one_lock)
{
	char login[] = "login", alice[] = "alice", domain[] = "example.test";
	const struct jid_map_row row = {login, alice, alice, domain, NULL};
	struct fixture *f = *state;
	struct store *reader = reader_of(f);

	assert_false(is_disabled(reader, "alice"));
	assert_ok(jid_map_set(f->store, &row, ERR));
	assert_ok(map_find(f->store));
	assert_status(map_find(reader), STATUS_NOT_FOUND); /* as when it found alice */
	store_rest(reader);
	assert_ok(map_find(reader));
	store_reader_free(reader);
}

/* One more reader than there are connections: each has one from its first question to its rest. */
TEST(test_holds_nothing_at_rest)
{
	struct fixture *f = *state;
	struct store *readers[STORE_CONNECTIONS_MAX + 1];

	for (int i = 0; i <= STORE_CONNECTIONS_MAX; i++)
		readers[i] = reader_of(f);
	for (int i = 0; i <= STORE_CONNECTIONS_MAX; i++) {
		assert_false(is_disabled(readers[i], "alice"));
		store_rest(readers[i]);
		store_rest(readers[i]);
	}
	for (int i = 0; i < STORE_CONNECTIONS_MAX; i++)
		assert_false(is_disabled(readers[i], "alice"));
	for (int i = 0; i <= STORE_CONNECTIONS_MAX; i++)
		store_reader_free(readers[i]);
	store_rest(f->store);
	store_rest(NULL);
	store_reader_free(NULL);
	assert_false(is_disabled(f->store, "alice"));
}

/* A read lock of its own would keep the write waiting where there is no write-ahead log. */
TEST(test_a_write_ends_the_read)
{
	struct fixture *f = *state;
	struct store *reader = reader_of(f);
	struct connection *kept, *other;

	assert_false(is_disabled(reader, "alice"));
	assert_ok(store_borrow(reader, &kept, ERR));
	store_return(reader, kept);
	assert_ok(user_set_disabled(reader, "alice", true, ERR));
	assert_ok(store_borrow(f->store, &other, ERR));
	assert_ptr_equal(other, kept); /* it was given back, wrote, and was given back */
	store_return(f->store, other);
	assert_true(is_disabled(reader, "alice"));
	store_reader_free(reader);
}

/* Finding a session may write when it was seen last: what was read before is forgotten. */
TEST(test_session_is_touched)
{
	static const struct session_life life = {.idle_s = 1800, .absolute_s = 43200};
	struct session_new what = {.source = "token", .user = "alice", .now = NOW, .life = life};
	int64_t later = NOW + SESSION_TOUCH_S;
	struct fixture *f = *state;
	struct store *reader = reader_of(f);
	char token[SESSION_TOKEN_LEN + 1];
	struct session session;

	assert_ok(session_create(reader, &what, token, ERR));
	assert_false(is_disabled(reader, "alice"));
	assert_ok(session_find(reader, token, later, &life, &session, ERR));
	session_clear(&session);
	assert_false(is_disabled(reader, "alice"));
	assert_ok(session_find(f->store, token, later, &life, &session, ERR));
	assert_int_equal(session.last_seen, later);
	session_clear(&session);
	store_reader_free(reader);
}

/* A database that is gone is noticed by the next question after a rest. */
TEST(test_gone)
{
	struct fixture *f = *state;
	struct store *reader = reader_of(f);
	struct user user = {0};

	assert_false(is_disabled(reader, "alice"));
	store_rest(reader);
	assert_int_equal(unlink(f->path), 0);
	assert_fails(user_find(reader, "alice", &user, ERR), STATUS_UNAVAILABLE,
		     "deleted, moved or replaced");
	store_reader_free(reader);
}
