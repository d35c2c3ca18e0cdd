/*
 * store/jid_claim.h: of many who come for one account at the same moment one gets it, and keeps it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/secret.h"
#include "store/jid_claim.h"
#include "store_fixture.h"

#define THREADS 64

struct race {
	struct store *store;
	int number;
	enum status status;
};

static enum status take(struct store *store, const char *localpart, const char *owner,
			struct error *err)
{
	const struct jid_claim claim = {
	    .localpart = localpart, .domain = "example.org", .owner = owner};

	return jid_claim_take(store, &claim, err);
}

static void the_first_keeps_it(void **state)
{
	struct store *store = ((struct fixture *)*state)->store;
	struct error err = {0};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(store, "a", "user:ann", NULL), STATUS_OK);
		assert_int_equal(take(store, "a", "user:bob", &err), STATUS_CONFLICT);
		assert_string_equal(err.text, "user:ann");
	}
	assert_int_equal(take(store, "b", "user:bob", NULL), STATUS_OK);
	assert_int_equal(take(store, "", "user:bob", NULL), STATUS_BAD_REQUEST);
}

static void *come(void *arg)
{
	struct race *race = arg;
	char owner[32];

	snprintf(owner, sizeof(owner), "user:%d", race->number);
	race->status = take(race->store, "wanted", owner, NULL);
	return NULL;
}

static void one_of_many_gets_it(void **state)
{
	struct store *store = ((struct fixture *)*state)->store;
	pthread_t threads[THREADS];
	struct race races[THREADS];
	int got = 0;

	for (int i = 0; i < THREADS; i++) {
		races[i] = (struct race){.store = store, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, come, &races[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		got += races[i].status == STATUS_OK;
		if (races[i].status != STATUS_OK)
			assert_int_equal(races[i].status, STATUS_CONFLICT);
	}
	assert_int_equal(got, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_first_keeps_it, fixture_store, fixture_remove),
	    cmocka_unit_test_setup_teardown(one_of_many_gets_it, fixture_store, fixture_remove),
	};

	return cmocka_run_group_tests_name("jid_claim", tests, NULL, NULL);
}
