/*
 * Claims of store/jid_map.h: of many who come for one account at the same moment one gets it, and
 * keeps it.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "unit.h"

#include "base/secret.h"
#include "store/jid_map.h"
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

FIXTURE(fixture_store, fixture_remove)

TEST(the_first_keeps_it)
{
	struct store *store = ((struct fixture *)*state)->store;

	for (int i = 0; i < 2; i++) {
		assert_ok(take(store, "a", "user:ann", ERR));
		assert_status(take(store, "a", "user:bob", ERR), STATUS_CONFLICT);
		assert_string_equal(unit_error.text, "user:ann");
	}
	assert_ok(take(store, "b", "user:bob", ERR));
	assert_status(take(store, "", "user:bob", NULL), STATUS_BAD_REQUEST);
}

static void *come(void *arg)
{
	struct race *race = arg;
	char owner[32];

	snprintf(owner, sizeof(owner), "user:%d", race->number);
	race->status = take(race->store, "wanted", owner, NULL);
	return NULL;
}

TEST(one_of_many_gets_it)
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
			assert_status(races[i].status, STATUS_CONFLICT);
	}
	assert_int_equal(got, 1);
}
