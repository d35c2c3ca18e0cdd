/*
 * store/provisioned.h: one asks, the others see that; a password is never lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
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

	assert_int_equal(provisioned_begin(store, what, &noted, &mine, NULL), STATUS_OK);
	if (password == NULL)
		assert_null(noted.xmpp_password);
	else
		assert_string_equal(noted.xmpp_password, password);
	assert_int_equal(noted.done, done);
	provisioned_clear(&noted);
	return mine;
}

static void test_one_asks(void **state)
{
	struct store *store = ((struct fixture *)*state)->store;
	struct provisioned noted = {0};

	assert_int_equal(provisioned_find(store, "alice", "example.org", &noted, NULL),
			 STATUS_NOT_FOUND);
	assert_true(begin(store, &alice, "first", false));
	assert_false(begin(store, &alice_again, "first", false));
	assert_int_equal(provisioned_end(store, &alice, false, NULL), STATUS_OK);
	assert_true(
	    begin(store, &alice_again, "first", false)); /* at once, with the old password */
	assert_int_equal(provisioned_end(store, &alice_again, true, NULL), STATUS_OK);
	assert_false(begin(store, &alice_again, "first", true));
	assert_int_equal(provisioned_find(store, "alice", "example.org", &noted, NULL), STATUS_OK);
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

static void test_of_many_one(void **state)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_store, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_one_asks),
	    TEST(test_of_many_one),
	};

	if (secret_start(NULL) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests_name("provisioned", tests, NULL, NULL);
}
