/*
 * Used tokens: once, in whichever process, and forgotten long after they have ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>
#include <time.h>

#include "store/grant.h"
#include "store_fixture.h"

#define NOW     ((int64_t)time(NULL))
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

static enum status add(struct store *store, const char *nonce, int64_t expiry, struct error *err)
{
	const struct used_nonce what = {.nonce = nonce, .expiry = expiry};

	return used_nonce_add(store, &what, err);
}

/* As if it had been used while it was good. */
static void plant(const struct fixture *f, const char *nonce, int64_t expiry)
{
	char sql[128];
	sqlite3 *db;

	snprintf(sql, sizeof sql, "INSERT INTO used_nonce VALUES ('%s', %lld)", nonce,
		 (long long)expiry);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void once(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	struct error err = {0};

	assert_int_equal(add(f->store, "n1", NOW + 60, NULL), STATUS_OK);
	assert_int_equal(add(f->store, "n1", NOW + 60, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.text, "used before"));
	assert_int_equal(add(f->store, "n1", NOW + 90, NULL), STATUS_CONFLICT);
	assert_int_equal(add(f->store, "N1", NOW + 60, NULL), STATUS_OK);
	assert_int_equal(store_open(f->path, FIXTURE_SITE, &other, NULL), STATUS_OK);
	assert_int_equal(add(other, "n1", NOW + 60, NULL), STATUS_CONFLICT);
	store_close(other);
}

/* Used or not: the clock is asked where the use is noted. */
static void over(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};

	plant(f, "used", NOW - 1);
	assert_int_equal(add(f->store, "used", NOW - 1, &err), STATUS_NOT_FOUND);
	assert_non_null(strstr(err.text, "over"));
	assert_int_equal(add(f->store, "unused", NOW, NULL), STATUS_NOT_FOUND);
	assert_int_equal(rows(f), 1);
}

/* Long after its end, lest a slow request or a clock that is set back finds it forgotten. */
static void forgotten_long_after_its_end(void **state)
{
	struct fixture *f = *state;
	char nonce[16];

	for (int i = 0; i < USED_NONCE_PURGE_ROWS + 10; i++) {
		snprintf(nonce, sizeof nonce, "n%d", i);
		plant(f, nonce, NOW - GRANT_MEMORY_S - 1);
	}
	plant(f, "yet", NOW - GRANT_MEMORY_S + 60);
	assert_int_equal(add(f->store, "a", NOW + 90, NULL), STATUS_OK);
	assert_int_equal(rows(f), 10 + 2);
	assert_int_equal(add(f->store, "b", NOW + 90, NULL), STATUS_OK);
	assert_int_equal(rows(f), 3);
	assert_int_equal(add(f->store, "yet", NOW + 90, NULL), STATUS_CONFLICT);
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
		if (add(racer->store, nonce, NOW + 60, NULL) == STATUS_OK)
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
	    cmocka_unit_test_setup_teardown(over, fixture_store, fixture_remove),
	    cmocka_unit_test_setup_teardown(forgotten_long_after_its_end, fixture_store,
					    fixture_remove),
	    cmocka_unit_test_setup_teardown(one_of_many_at_once, fixture_store, fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
