/*
 * Used tokens: once, in whichever process, and forgotten when they have ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>

#include "store/used_nonce.h"
#include "store_fixture.h"

#define NOW     INT64_C(1700000000)
#define THREADS 8
#define NONCES  20

static long rows(const struct fixture *f)
{
	sqlite3 *db;
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM used_nonce", -1, &s, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	long n = (long)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void once(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	struct error err = {0};

	assert_int_equal(used_nonce_add(f->store, "n1", NOW + 60, NOW, NULL), STATUS_OK);
	assert_int_equal(used_nonce_add(f->store, "n1", NOW + 60, NOW, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.text, "used before"));
	assert_int_equal(used_nonce_add(f->store, "n1", NOW + 90, NOW + 59, NULL), STATUS_CONFLICT);
	assert_int_equal(used_nonce_add(f->store, "N1", NOW + 60, NOW, NULL), STATUS_OK);
	assert_int_equal(store_open(f->path, FIXTURE_SITE, &other, NULL), STATUS_OK);
	assert_int_equal(used_nonce_add(other, "n1", NOW + 60, NOW, NULL), STATUS_CONFLICT);
	store_close(other);
}

static void forgotten_at_its_end(void **state)
{
	struct fixture *f = *state;
	char nonce[16];

	for (int i = 0; i < USED_NONCE_PURGE_ROWS + 10; i++) {
		snprintf(nonce, sizeof nonce, "n%d", i);
		assert_int_equal(used_nonce_add(f->store, nonce, NOW + 60, NOW, NULL), STATUS_OK);
	}
	assert_int_equal(rows(f), USED_NONCE_PURGE_ROWS + 10);
	assert_int_equal(used_nonce_add(f->store, "a", NOW + 90, NOW + 59, NULL), STATUS_OK);
	assert_int_equal(rows(f), USED_NONCE_PURGE_ROWS + 11);
	assert_int_equal(used_nonce_add(f->store, "b", NOW + 90, NOW + 60, NULL), STATUS_OK);
	assert_int_equal(rows(f), 12);
	assert_int_equal(used_nonce_add(f->store, "c", NOW + 90, NOW + 60, NULL), STATUS_OK);
	assert_int_equal(rows(f), 3);
}

struct racer {
	struct store *store;
	int won;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	char nonce[16];

	for (int i = 0; i < NONCES; i++) {
		snprintf(nonce, sizeof nonce, "r%d", i);
		if (used_nonce_add(racer->store, nonce, NOW + 60, NOW, NULL) == STATUS_OK)
			racer->won++;
	}
	return NULL;
}

static void one_of_many_at_once(void **state)
{
	struct fixture *f = *state;
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	int won = 0;

	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){.store = f->store};
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		won += racers[i].won;
	}
	assert_int_equal(won, NONCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(once, fixture_store, fixture_remove),
	    cmocka_unit_test_setup_teardown(forgotten_at_its_end, fixture_store, fixture_remove),
	    cmocka_unit_test_setup_teardown(one_of_many_at_once, fixture_store, fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
