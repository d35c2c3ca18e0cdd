/*
 * store/provisioned.h: one asks, the others see that; a password is never lost.
 */
#include "unit.h"

#include <pthread.h>

#include "base/secret.h"
#include "store/provisioned.h"
#include "store_fixture.h"

#define THREADS 32

static const struct provisioned_new alice = {"alice", "example.org", "first"};
static const struct provisioned_new alice_again = {"alice", "example.org", "second"};
static const struct provisioned_new bob = {"bob", "example.org", NULL};

static bool begin(struct store *store, const struct provisioned_new *what, const char *password,
		  bool done)
{
	struct provisioned noted = {0};
	bool mine = false;

	assert_ok(provisioned_begin(store, what, &noted, &mine, ERR));
	if (password == NULL)
		assert_null(noted.xmpp_password);
	else
		assert_string_equal(noted.xmpp_password, password);
	assert_int_equal(noted.done, done);
	provisioned_clear(&noted);
	return mine;
}

GROUP(unit_secrets, NULL)

FIXTURE(fixture_store, fixture_remove)

TEST(test_one_asks)
{
	struct store *store = ((struct fixture *)*state)->store;
	struct provisioned noted = {0};

	assert_status(provisioned_find(store, "alice", "example.org", &noted, NULL),
		      STATUS_NOT_FOUND);
	assert_true(begin(store, &alice, "first", false));
	assert_false(begin(store, &alice_again, "first", false));
	assert_ok(provisioned_end(store, &alice, false, ERR));
	assert_true(
	    begin(store, &alice_again, "first", false)); /* at once, with the old password */
	assert_ok(provisioned_end(store, &alice_again, true, ERR));
	assert_false(begin(store, &alice_again, "first", true));
	assert_ok(provisioned_end(store, &alice, false, ERR)); /* late: the account stays made */
	assert_false(begin(store, &alice_again, "first", true));
	assert_ok(provisioned_find(store, "alice", "example.org", &noted, ERR));
	assert_true(noted.done);
	assert_string_equal(noted.xmpp_password, "first");
	provisioned_clear(&noted);
	assert_true(begin(store, &bob, NULL, false));
}

struct racer {
	struct store *store;
	bool mine;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct provisioned noted = {0};

	if (provisioned_begin(racer->store, &alice, &noted, &racer->mine, NULL) != STATUS_OK)
		racer->mine = true; /* seen below: more than one */
	provisioned_clear(&noted);
	return NULL;
}

TEST(test_of_many_one)
{
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	int mine = 0;

	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){.store = ((struct fixture *)*state)->store};
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		mine += racers[i].mine;
	}
	assert_int_equal(mine, 1);
}
