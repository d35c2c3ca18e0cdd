/*
 * Token buckets by a clock that the test holds, and a file that may go at any time (REL-DB-7).
 */
#include "unit.h"

#include <pthread.h>
#include <sqlite3.h>

#include "base/secret.h"
#include "base/strbuf.h"
#include "store/limit.h"
#include "store_fixture.h"

#define NOW_MS INT64_C(1700000000000)

static const struct conf_limit ten_a_minute = {.count = 10, .period_ms = 60000};

struct limit_fixture {
	struct fixture *base;
	struct limit_store *limits;
	char path[128];
};

static int setup(void **state)
{
	struct limit_fixture *f = calloc(1, sizeof(*f));

	fixture_folder((void **)&f->base);
	snprintf(f->path, sizeof(f->path), "%s.limits", f->base->path);
	assert_ok(limit_open(f->base->path, &f->limits, ERR));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct limit_fixture *f = *state;
	void *base = f->base;

	limit_close(f->limits);
	free(f);
	return fixture_remove(&base);
}

static struct limit_key key(const char *who)
{
	return (struct limit_key){.scope = "login", .key = who};
}

static enum status take(struct limit_fixture *f, const char *who, int64_t now_ms)
{
	struct limit_key k = key(who);

	return limit_take(f->limits, &k, &ten_a_minute, now_ms, NULL);
}

static enum status check(struct limit_fixture *f, const char *who, int64_t now_ms)
{
	struct limit_key k = key(who);

	return limit_check(f->limits, &k, &ten_a_minute, now_ms, NULL);
}

static void empty(struct limit_fixture *f, const char *who, int64_t now_ms)
{
	for (int i = 0; i < 10; i++)
		assert_ok(take(f, who, now_ms));
	assert_status(take(f, who, now_ms), STATUS_SLOW_DOWN);
}

GROUP(unit_secrets, NULL)

FIXTURE(setup, teardown)

TEST(test_burst_and_refill)
{
	struct limit_fixture *f = *state;

	empty(f, "alice", NOW_MS);
	assert_status(take(f, "alice", NOW_MS + 5999), STATUS_SLOW_DOWN);
	assert_ok(take(f, "alice", NOW_MS + 6000));
	assert_status(take(f, "alice", NOW_MS + 6000), STATUS_SLOW_DOWN);
	/* However long nobody asked: no more than the burst. */
	empty(f, "alice", NOW_MS + INT64_C(86400000) * 365);
}

TEST(test_burst_of_its_own)
{
	struct limit_fixture *f = *state;
	struct limit_key k = {.scope = "bind_user", .key = "alice", .burst = 5};
	struct error err = {0};

	for (int i = 0; i < 5; i++)
		assert_ok(limit_take(f->limits, &k, &ten_a_minute, NOW_MS, &err));
	assert_status(limit_take(f->limits, &k, &ten_a_minute, NOW_MS, &err), STATUS_SLOW_DOWN);
	assert_int_equal(err.retry_after, 6);
	assert_int_equal(err.status, STATUS_SLOW_DOWN);
	assert_holds(err.text, "bind_user");
	assert_null(strstr(err.text, "alice"));
}

TEST(test_retry_after)
{
	static const struct {
		struct conf_limit rule;
		int64_t after_ms;
		long retry;
	} cases[] = {
	    {{1, 1000},     0,    1   },
            {{1, 1000},     999,  1   },
	    {{1000, 1000},  0,    1   }, /* a millisecond away is still a second */
	    {{10, 60000},   0,    6   },
            {{10, 60000},   1,    6   },
	    {{10, 60000},   1000, 5   },
            {{10, 60000},   5999, 1   },
	    {{1, 3600000},  0,    3600},
            {{3, 10000},    0,    4   }, /* 3.333 s */
	    {{9999999, 10}, 0,    1   }, /* below a microsecond a token */
	};
	struct limit_fixture *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char who[16];
		struct error err = {.retry_after = -1};
		snprintf(who, sizeof(who), "case%zu", i);
		struct limit_key k = {.scope = "login", .key = who, .burst = 1};
		assert_ok(limit_take(f->limits, &k, &cases[i].rule, NOW_MS, &err));
		assert_int_equal(err.retry_after, -1); /* only set when it says slow down */
		assert_status(
		    limit_take(f->limits, &k, &cases[i].rule, NOW_MS + cases[i].after_ms, &err),
		    STATUS_SLOW_DOWN);
		assert_int_equal(err.retry_after, cases[i].retry);
		err.retry_after = -1;
		assert_status(
		    limit_check(f->limits, &k, &cases[i].rule, NOW_MS + cases[i].after_ms, &err),
		    STATUS_SLOW_DOWN);
		assert_int_equal(err.retry_after, cases[i].retry);
	}
}

TEST(test_check_takes_nothing)
{
	struct limit_fixture *f = *state;

	for (int i = 0; i < 20; i++)
		assert_ok(check(f, "alice", NOW_MS));
	empty(f, "alice", NOW_MS);
	assert_status(check(f, "alice", NOW_MS), STATUS_SLOW_DOWN);
	assert_ok(check(f, "alice", NOW_MS + 6000));
}

TEST(test_keys_are_apart)
{
	struct limit_fixture *f = *state;
	struct limit_key other_scope = {.scope = "bind_user", .key = "alice"};
	struct limit_key shifted = {.scope = "logina", .key = "lice"};

	empty(f, "alice", NOW_MS);
	assert_ok(take(f, "Alice", NOW_MS));
	assert_ok(take(f, "", NOW_MS));
	assert_ok(limit_take(f->limits, &other_scope, &ten_a_minute, NOW_MS, ERR));
	assert_ok(limit_take(f->limits, &shifted, &ten_a_minute, NOW_MS, ERR));
}

TEST(test_off)
{
	struct limit_fixture *f = *state;
	const struct conf_limit off = {.count = 0, .period_ms = 0};
	struct limit_key k = key("alice");

	for (int i = 0; i < 100; i++) {
		assert_ok(limit_take(f->limits, &k, &off, NOW_MS, ERR));
		assert_ok(limit_check(f->limits, &k, &off, NOW_MS, ERR));
	}
}

/* A clock that went back refills nothing and locks nobody out. */
TEST(test_backward_clock)
{
	struct limit_fixture *f = *state;
	int64_t before = NOW_MS - INT64_C(86400000);

	for (int i = 0; i < 4; i++)
		assert_ok(take(f, "alice", NOW_MS));
	for (int i = 0; i < 6; i++)
		assert_ok(take(f, "alice", before));
	assert_status(take(f, "alice", before), STATUS_SLOW_DOWN);
	assert_ok(take(f, "alice", before + 6000));

	/* An empty one that is only looked at (a login does) comes back to life as well. */
	empty(f, "bob", NOW_MS);
	assert_status(check(f, "bob", before), STATUS_SLOW_DOWN);
	assert_status(check(f, "bob", before + 5999), STATUS_SLOW_DOWN);
	assert_ok(check(f, "bob", before + 6000));
}

TEST(test_changed_rule)
{
	struct limit_fixture *f = *state;
	const struct conf_limit two = {.count = 2, .period_ms = 60000};
	struct limit_key k = key("alice");
	struct error err;

	assert_ok(take(f, "alice", NOW_MS)); /* nine are left of ten */
	assert_ok(limit_take(f->limits, &k, &two, NOW_MS, &err));
	while (limit_take(f->limits, &k, &two, NOW_MS, &err) == STATUS_OK)
		;
	assert_in_range(err.retry_after, 1, 30);
}

/* Two handles are two processes. */
TEST(test_shared_by_processes)
{
	struct limit_fixture *f = *state;
	struct limit_fixture other = *f;

	assert_ok(limit_open(f->base->path, &other.limits, ERR));
	for (int i = 0; i < 5; i++) {
		assert_ok(take(f, "alice", NOW_MS));
		assert_ok(take(&other, "alice", NOW_MS));
	}
	assert_status(take(f, "alice", NOW_MS), STATUS_SLOW_DOWN);
	assert_status(take(&other, "alice", NOW_MS), STATUS_SLOW_DOWN);
	limit_close(other.limits);
	limit_close(NULL);
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

TEST(test_file_is_private)
{
	struct limit_fixture *f = *state;
	struct stat st;

	assert_ok(take(f, "alice", NOW_MS));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

TEST(test_key_is_not_stored)
{
	struct limit_fixture *f = *state;
	struct strbuf text;
	char buffer[4096];
	size_t n;

	assert_ok(take(f, "needle@example.org", NOW_MS));
	FILE *file = fopen(f->path, "rb");
	assert_non_null(file);
	strbuf_init(&text);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		strbuf_add(&text, buffer, n);
	fclose(file);
	assert_non_null(memmem(text.data, text.len, "bucket", 6));
	assert_null(memmem(text.data, text.len, "needle", 6));
	strbuf_clear(&text);
}

TEST(test_deleted)
{
	struct limit_fixture *f = *state;

	empty(f, "alice", NOW_MS);
	assert_int_equal(unlink(f->path), 0);
	assert_ok(check(f, "alice", NOW_MS));
	empty(f, "alice", NOW_MS);
	assert_true(size_of(f->path) > 0);
}

static void overwrite(const char *path, const char *text, size_t times)
{
	FILE *file = fopen(path, "r+b");

	assert_non_null(file);
	while (times-- > 0)
		fputs(text, file);
	fclose(file);
}

TEST(test_damaged_while_open)
{
	struct limit_fixture *f = *state;

	empty(f, "alice", NOW_MS);
	overwrite(f->path, "rubbish!", 4096);
	assert_ok(take(f, "alice", NOW_MS));
	assert_ok(take(f, "alice", NOW_MS));
}

TEST(test_damaged_at_the_start)
{
	struct limit_fixture *f = *state;

	empty(f, "alice", NOW_MS);
	limit_close(f->limits);
	f->limits = NULL;
	overwrite(f->path, "rubbish!", 512);
	assert_ok(limit_open(f->base->path, &f->limits, ERR));
	empty(f, "alice", NOW_MS);
}

/* A file of another version is begun anew: what it holds need not be kept. */
TEST(test_another_schema)
{
	struct limit_fixture *f = *state;
	sqlite3 *db;

	empty(f, "alice", NOW_MS);
	limit_close(f->limits);
	f->limits = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_ok(limit_open(f->base->path, &f->limits, ERR));
	empty(f, "alice", NOW_MS);
}

/* Where it cannot be asked it refuses (SEC-RATE-3). */
TEST(test_cannot_be_asked)
{
	struct limit_fixture *f = *state;
	struct limit_store *other = NULL;
	struct limit_key k = key("alice");

	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_fails(limit_take(f->limits, &k, &ten_a_minute, NOW_MS, ERR), STATUS_UNAVAILABLE,
		     f->path);
	assert_status(limit_check(f->limits, &k, &ten_a_minute, NOW_MS, ERR), STATUS_UNAVAILABLE);
	assert_status(limit_open(f->base->path, &other, ERR), STATUS_UNAVAILABLE);
	assert_null(other);
	assert_fails(limit_open("/nonexistent/prebind.db", &other, ERR), STATUS_UNAVAILABLE,
		     "/nonexistent");
}

TEST(test_open_to_others)
{
	struct limit_fixture *f = *state;
	struct limit_store *other = NULL;

	assert_int_equal(chmod(f->path, 0644), 0);
	assert_fails(limit_open(f->base->path, &other, ERR), STATUS_UNAVAILABLE, "chmod 600");
}

/* Strangers who come once leave nothing behind when their buckets are full again. */
TEST(test_growth_is_purged)
{
	struct limit_fixture *f = *state;
	char who[32];

	for (int i = 0; i < 600; i++) {
		snprintf(who, sizeof(who), "stranger%d", i);
		assert_ok(take(f, who, NOW_MS));
	}
	off_t grown = size_of(f->path);
	for (int i = 0; i < 2000; i++) {
		snprintf(who, sizeof(who), "later%d", i);
		assert_ok(take(f, who, NOW_MS + i * INT64_C(6000)));
	}
	assert_true(size_of(f->path) <= grown);
}

static int rows_in(const char *path, sqlite3 *db)
{
	sqlite3_stmt *count;
	int rows;

	if (db == NULL)
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM bucket", -1, &count, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	rows = sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	sqlite3_close(db);
	return rows;
}

/*
 * At its greatest size the file forgets those who would be full soonest, and goes on. VACUUM leaves
 * no room in the pages of the rows, and other rows take all pages that are left: a new row then
 * needs a page that there is not.
 */
TEST(test_full_file_evicts)
{
	struct limit_fixture *f = *state;
	sqlite3 *db;

	empty(f, "alice", NOW_MS);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
				      "PRAGMA max_page_count = 16384;"
				      "WITH RECURSIVE n (i) AS"
				      " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
				      " INSERT INTO bucket SELECT id, 0, 0, 3000000000000000"
				      " FROM (SELECT randomblob(32) AS id FROM n) ORDER BY id;"
				      "VACUUM;"
				      "CREATE TABLE ballast (x BLOB);"
				      "INSERT INTO ballast VALUES (zeroblob(60000000))",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	int rc = SQLITE_OK;
	while (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "INSERT INTO ballast VALUES (zeroblob(2000))", NULL, NULL,
				  NULL);
	assert_int_equal(rc, SQLITE_FULL);
	int before = rows_in(f->path, db);
	assert_status(take(f, "alice", NOW_MS), STATUS_SLOW_DOWN);
	for (int i = 0; i < 200; i++) {
		char who[32];
		snprintf(who, sizeof(who), "stranger%d", i);
		assert_ok(take(f, who, NOW_MS));
	}
	assert_true(rows_in(f->path, NULL) < before + 200);
	assert_true(size_of(f->path) <= 16384 * 4096);
}

struct worker {
	struct limit_fixture *f;
	int taken;
	int failures;
};

static void *take_many(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 20; i++) {
		enum status status = take(w->f, "shared", NOW_MS);
		w->taken += status == STATUS_OK;
		w->failures += status != STATUS_OK && status != STATUS_SLOW_DOWN;
	}
	return NULL;
}

TEST(test_threads_share_the_bucket)
{
	enum { THREADS = 8 };
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	int taken = 0;

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.f = *state};
		assert_int_equal(pthread_create(&threads[i], NULL, take_many, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
		taken += workers[i].taken;
	}
	assert_int_equal(taken, 10);
}

FIXTURE(NULL, NULL)

TEST(test_address_key)
{
	static const struct {
		const char *address;
		const char *key;
	} cases[] = {
	    {"192.0.2.1",			      "192.0.2.1"               },
	    {"192.0.2.2",			      "192.0.2.2"               },
	    {"2001:db8:1:2:3:4:5:6",                   "2001:db8:1:2::/64"       },
	    {"2001:db8:1:2:ffff:ffff:ffff:ffff",       "2001:db8:1:2::/64"       },
	    {"2001:0DB8:0001:0002::1",                 "2001:db8:1:2::/64"       },
	    {"2001:db8:1:3::1",                        "2001:db8:1:3::/64"       },
	    {"::1",				    "::/64"                   },
	    {"::ffff:192.0.2.1",                       "192.0.2.1"               },
	    {"fe80::1%eth0",                           "fe80::/64"               },
	    {"",				       ""			},
	    {"unix:",				  "unix:"                   },
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff", "ffff:ffff:ffff:ffff::/64"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[64];
		limit_address_key(cases[i].address, out);
		assert_string_equal(out, cases[i].key);
	}

	char endless[300], out[64];
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	limit_address_key(endless, out);
	assert_int_equal(strlen(out), 63);
}

/* ---- tries ---- */

static const struct conf_limit ten_in_15m = {.count = 10, .period_ms = 900000};

#define MINUTE 60000

static enum status try_one(struct limit_fixture *f, const char *who, int64_t now_ms, long *retry)
{
	struct limit_key k = key(who);
	struct error err;
	enum status status = limit_try(f->limits, &k, &ten_in_15m, now_ms, &err);

	if (status == STATUS_SLOW_DOWN && retry != NULL)
		*retry = err.retry_after;
	return status;
}

static void worked(struct limit_fixture *f, const char *who, int64_t now_ms)
{
	struct limit_key k = key(who);

	assert_ok(limit_try_worked(f->limits, &k, &ten_in_15m, now_ms, ERR));
}

static void fail_ten(struct limit_fixture *f, const char *who, int64_t now_ms)
{
	for (int i = 0; i < 10; i++)
		assert_ok(try_one(f, who, now_ms + i, NULL));
}

FIXTURE(setup, teardown)

/* 90 s, 3 m, 6 m, 12 m, and then 15 m for ever: never longer. */
TEST(test_delays_double)
{
	static const long delays_s[] = {90, 180, 360, 720, 900, 900, 900};
	struct limit_fixture *f = *state;
	int64_t now = NOW_MS;
	long retry = 0;

	fail_ten(f, "alice", now - 9);
	for (size_t i = 0; i < COUNT(delays_s); i++) {
		assert_status(try_one(f, "alice", now, &retry), STATUS_SLOW_DOWN);
		assert_int_equal(retry, delays_s[i]);
		now += delays_s[i] * 1000;
		assert_status(try_one(f, "alice", now - 1, &retry), STATUS_SLOW_DOWN);
		assert_int_equal(retry, 1);
		assert_ok(try_one(f, "alice", now, &retry));
	}
	assert_ok(try_one(f, "bob", now, &retry));
}

/* Knocking while it is shut makes nothing longer. */
TEST(test_refused_tries_count_for_nothing)
{
	struct limit_fixture *f = *state;
	long retry = 0;

	fail_ten(f, "alice", NOW_MS - 9);
	for (int i = 0; i < 100; i++)
		assert_status(try_one(f, "alice", NOW_MS + i * 100, &retry), STATUS_SLOW_DOWN);
	assert_ok(try_one(f, "alice", NOW_MS + 90000, &retry));
}

TEST(test_a_pause_forgets)
{
	struct limit_fixture *f = *state;
	long retry = 0;

	fail_ten(f, "alice", NOW_MS - 9);
	int64_t free_at = NOW_MS + 90000;
	fail_ten(f, "alice", free_at + 15 * MINUTE);
	assert_status(try_one(f, "alice", free_at + 15 * MINUTE + 9, &retry), STATUS_SLOW_DOWN);
	assert_int_equal(retry, 90);
	/* nine, and a pause: ten again */
	for (int i = 0; i < 9; i++)
		assert_ok(try_one(f, "bob", NOW_MS, &retry));
	fail_ten(f, "bob", NOW_MS + 15 * MINUTE);
}

TEST(test_a_try_that_worked_is_none)
{
	struct limit_fixture *f = *state;
	long retry = 0;

	for (int i = 0; i < 50; i++) {
		assert_ok(try_one(f, "alice", NOW_MS + i, &retry));
		worked(f, "alice", NOW_MS + i);
	}
	fail_ten(f, "alice", NOW_MS + 100);
	assert_status(try_one(f, "alice", NOW_MS + 109, &retry), STATUS_SLOW_DOWN);
	worked(f, "nobody", NOW_MS); /* no more than none can be taken off */
	fail_ten(f, "nobody", NOW_MS);
	assert_status(try_one(f, "nobody", NOW_MS + 9, &retry), STATUS_SLOW_DOWN);
}

TEST(test_tries_and_a_backward_clock)
{
	struct limit_fixture *f = *state;
	long retry = 0;

	fail_ten(f, "alice", NOW_MS);
	int64_t before = NOW_MS - INT64_C(86400000);
	assert_status(try_one(f, "alice", before, &retry), STATUS_SLOW_DOWN);
	assert_true(retry <= 90);
	assert_ok(try_one(f, "alice", before + 90000, &retry));
}

TEST(test_tries_and_buckets_are_apart)
{
	struct limit_fixture *f = *state;

	empty(f, "alice", NOW_MS);
	fail_ten(f, "alice", NOW_MS);
	assert_status(take(f, "alice", NOW_MS), STATUS_SLOW_DOWN);
	assert_ok(take(f, "alice", NOW_MS + MINUTE));
}

struct trier {
	struct limit_fixture *f;
	int taken;
};

static void *try_many(void *arg)
{
	struct trier *trier = arg;

	for (int i = 0; i < 20; i++)
		trier->taken += try_one(trier->f, "alice", NOW_MS, NULL) == STATUS_OK;
	return NULL;
}

/* Many at once get no more than one after the other. */
TEST(test_tries_at_once)
{
	struct trier triers[4];
	pthread_t threads[4];
	int taken = 0;

	for (int i = 0; i < 4; i++) {
		triers[i] = (struct trier){.f = *state};
		assert_int_equal(pthread_create(&threads[i], NULL, try_many, &triers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		taken += triers[i].taken;
	}
	assert_int_equal(taken, 10);
}
