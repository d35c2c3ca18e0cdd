/*
 * Used tokens: once, in whichever process, and forgotten long after they have ended.
 */
#include "unit.h"

#include <pthread.h>
#include <sqlite3.h>
#include <time.h>

#include "store/token_record.h"
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

	snprintf(sql, sizeof(sql), "INSERT INTO used_nonce VALUES ('%s', %lld)", nonce,
		 (long long)expiry);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

FIXTURE(fixture_store, fixture_remove)

TEST(once)
{
	struct fixture *f = *state;
	struct store *other;

	assert_ok(add(f->store, "n1", NOW + 60, ERR));
	assert_fails(add(f->store, "n1", NOW + 60, ERR), STATUS_CONFLICT, "used before");
	assert_status(add(f->store, "n1", NOW + 90, NULL), STATUS_CONFLICT);
	assert_ok(add(f->store, "N1", NOW + 60, ERR));
	assert_ok(
	    store_open(&(struct store_location){.database = f->path}, FIXTURE_SITE, &other, ERR));
	assert_status(add(other, "n1", NOW + 60, NULL), STATUS_CONFLICT);
	store_close(other);
}

/* Used or not: the clock is asked where the use is noted. */
TEST(over)
{
	struct fixture *f = *state;

	plant(f, "used", NOW - 1);
	assert_fails(add(f->store, "used", NOW - 1, ERR), STATUS_NOT_FOUND, "expired");
	assert_status(add(f->store, "unused", NOW, NULL), STATUS_NOT_FOUND);
	assert_int_equal(rows(f), 1);
}

/* Long after its end, lest a slow request or a clock that is set back finds it forgotten. */
TEST(forgotten_long_after_its_end)
{
	struct fixture *f = *state;
	char nonce[16];

	for (int i = 0; i < USED_NONCE_PURGE_ROWS + 10; i++) {
		snprintf(nonce, sizeof(nonce), "n%d", i);
		plant(f, nonce, NOW - TOKEN_MEMORY_S - 1);
	}
	plant(f, "yet", NOW - TOKEN_MEMORY_S + 60);
	assert_ok(add(f->store, "a", NOW + 90, ERR));
	assert_int_equal(rows(f), 10 + 2);
	assert_ok(add(f->store, "b", NOW + 90, ERR));
	assert_int_equal(rows(f), 3);
	assert_status(add(f->store, "yet", NOW + 90, NULL), STATUS_CONFLICT);
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
		snprintf(nonce, sizeof(nonce), "r%d", i);
		if (add(racer->store, nonce, NOW + 60, NULL) == STATUS_OK)
			racer->won++;
	}
	return NULL;
}

TEST(one_of_many_at_once)
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
